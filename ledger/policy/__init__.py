"""Risk-free or risky: the policy, its verdicts, the brake, and the audit of what others let pass."""

from __future__ import annotations
