"""Django's SQLite, watched."""

from django.db.backends.sqlite3 import base

from .. import CommitTracker


class DatabaseWrapper(CommitTracker, base.DatabaseWrapper):
    pass
