"""The main job, to watch: an embedded broker, a worker on it, a simulated prime broker, and a fault that is caught."""

from __future__ import annotations
