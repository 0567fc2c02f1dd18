"""Django's SQLite, noting commits."""

from django.db.backends.sqlite3 import base

from .. import NotesCommits


class DatabaseWrapper(NotesCommits, base.DatabaseWrapper):
    pass
