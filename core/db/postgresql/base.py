"""Django's PostgreSQL, watched."""

from django.db.backends.postgresql import base

from .. import CommitTracker


class DatabaseWrapper(CommitTracker, base.DatabaseWrapper):
    pass
