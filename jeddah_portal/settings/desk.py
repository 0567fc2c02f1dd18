"""How the desk works."""

from __future__ import annotations

from .environment import env

# Do open points of a checklist keep a case from being passed on and approved? Without it they are named, and the
# history says how many nobody looked at: for the weeks in which an office gets used to its checklists.
CHECKLISTS_BIND = env.bool("CHECKLISTS_BIND", default=True)
