"""The portal's settings without its middleware and pages: what bin/bench holds the portal against."""

from jeddah_portal.settings import *  # noqa: F403

MIDDLEWARE: list[str] = []
ROOT_URLCONF = "bare.urls"
