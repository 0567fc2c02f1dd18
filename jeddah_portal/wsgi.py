import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "jeddah_portal.settings")

from transactions import database

from .application import application

__all__ = ["application"]

# For the whole process: no test may import this module, or its own statements would run out of patience.
database.install()
