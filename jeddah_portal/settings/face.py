"""What the pages show of the municipality itself: that the site is official, its emblem, how it is reached."""

from __future__ import annotations

from .environment import env

# The number under which the site is registered with the Digital Government Authority. With it, and outside the demo,
# every page begins with the bar that says so and how to tell; the bar is left out without it.
OFFICIAL_REGISTRATION = env.str("OFFICIAL_REGISTRATION", default="")
# A file of the municipality's own (SVG, PNG or WebP, at most 40 KB); a mark of ours stands in its place.
EMBLEM_FILE = env.str("EMBLEM_FILE", default="")
CONTACT_PHONE = env.str("CONTACT_PHONE", default="")
CONTACT_EMAIL = env.str("CONTACT_EMAIL", default="")
