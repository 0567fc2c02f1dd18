"""Django's SQLite, watched."""

from django.db.backends.sqlite3 import base

from .. import Watched


class DatabaseWrapper(Watched, base.DatabaseWrapper):
    pass
