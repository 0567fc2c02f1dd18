import logging
import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "jeddah_portal.settings")

from django.db import connection

from core import db as database
from journal import standing

from .application import application

__all__ = ["application"]

# For the whole process: no test may import this module, or its own statements would run out of patience.
database.install_deadlines()
# Said once by each process that starts; what comes in meanwhile is refused by the middleware.
if why := standing.reason_not_to_write():
    logging.getLogger(__name__).critical("nothing is taken: %s", why)
connection.close()
