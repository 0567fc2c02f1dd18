"""Outside bodies: in the demo the adapters lead to the simulators of `bin/run`, elsewhere where the settings say."""

from __future__ import annotations

from .environment import DEMO, env

# Where `python -m simulators` answers. An adapter whose own address is not set asks there; never outside the demo.
SIMULATORS_URL = env.str("SIMULATORS_URL", default="").rstrip("/") if DEMO else ""
