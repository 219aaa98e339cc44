"""`python -m streams.simulate`: write a simulated world."""

from __future__ import annotations

import sys

from streams.simulate.cli import main

sys.exit(main())
