"""The pages about office boxes at the centre, for pages.py; those of a box itself: tests/boxes/test_office.py."""

from __future__ import annotations

PAGES = "/staff/boxes/delivered"
BOXES: tuple[tuple[str, str, str], ...] = (
    ("staff-boxes", f"{PAGES}/boxes/", "administrator"),
    ("staff-box", f"{PAGES}/boxes/B0/", "administrator"),
    ("staff-box-stick", f"{PAGES}/stick/", "clerk"),
    ("staff-quarantine", f"{PAGES}/quarantine/", "administrator"),
    ("staff-delivered", f"{PAGES}/quarantine/{{delivered}}/", "administrator"),
)
