"""Queueing up: what is counted before it is written is counted by one at a time."""

from __future__ import annotations

import zlib

from django.db import connection


def take_lock(*subjects: str) -> None:
    """Wait for others who do the same to one of these; the locks end with the transaction.

    Name them in the same order everywhere. On SQLite the IMMEDIATE transaction does it.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            for subject in subjects:
                cursor.execute(lock_statement(subject))


def lock_statement(subject: str) -> str:
    """The same as PostgreSQL is asked for it, for whoever sends it along with another statement."""
    return f"SELECT pg_advisory_xact_lock({zlib.crc32(subject.encode()) - 2**31}, 1)"
