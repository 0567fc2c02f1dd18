"""Django's PostgreSQL, watched."""

from django.db.backends.postgresql import base

from .. import Watched


class DatabaseWrapper(Watched, base.DatabaseWrapper):
    pass
