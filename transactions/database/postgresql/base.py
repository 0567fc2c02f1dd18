"""Django's PostgreSQL, noting commits."""

from django.db.backends.postgresql import base

from .. import NotesCommits


class DatabaseWrapper(NotesCommits, base.DatabaseWrapper):
    pass
