"""Versions of what was answered: the first at intake, others by answering a return or by a correction on record."""

from __future__ import annotations

import json
from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection

from journal.models import Entry
from transactions.content import answers_hash
from transactions.models import AnswersVersion

from ..conftest import NOW

pytestmark = pytest.mark.django_db
FIRST_VERSIONS = import_module("transactions.migrations.0008_first_versions")


def entry(kind: str, reference: str) -> dict[str, object]:
    """The body of the latest journal entry of a kind about a request."""
    return json.loads(bytes(Entry.objects.filter(kind=kind, subject=reference).latest("seq").body))


@pytest.mark.parametrize("code", ["electricity-connection", "land-subdivision", "building-permit"])
def test_intake_writes_the_first_version_and_the_receipt_binds_it(code, cast, submitted):
    case = submitted(code)
    version = case.versions.get()
    assert (version.number, case.answers_version, version.answers) == (1, 1, case.answers)
    assert (version.by, version.at, version.event.move) == (cast.citizen, NOW, "submit")
    assert set(case.attachments.values_list("answers_version", "replaced_in")) == {(1, None)}
    files = [file.sha256 for file in case.attachments.in_force()]
    assert entry("received", case.reference)["content"] == answers_hash(case.mark_salt, version.answers, files)


def test_old_requests_get_version_one_and_nothing_else_is_invented(cast, submitted):
    cases = [submitted(), submitted(centre=cast_centre(cast), channel="counter"), submitted("land-subdivision")]
    before = list(AnswersVersion.objects.order_by("transaction").values_list("transaction", "number", "answers", "by"))
    AnswersVersion.objects.all().delete()
    for _run in range(2):
        with connection.schema_editor() if connection.vendor != "sqlite" else _Editor() as editor:
            FIRST_VERSIONS.fill(apps, editor)
        rows = AnswersVersion.objects.order_by("transaction")
        assert list(rows.values_list("transaction", "number", "answers", "by")) == before
    assert [version.event.seq for version in rows] == [1] * len(cases)


class _Editor:
    """SQLite's own schema editor refuses to open inside a test's transaction."""

    connection = connection

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        return None


def cast_centre(cast):
    return cast.clerk.posts.get().office
