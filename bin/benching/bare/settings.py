"""The portal's settings without its middleware and pages: what bin/bench holds the portal against."""

from jeddah_portal.settings import *  # noqa: F403

MIDDLEWARE: list[str] = []
ROOT_URLCONF = "benching.bare.urls"
INSTALLED_APPS = ["benching.bare.apps.Account" if app == "allauth.account" else app for app in INSTALLED_APPS]  # noqa: F405
