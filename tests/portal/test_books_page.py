"""The books as anybody reads them: figures only, signed, and overdue when they are."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
from django.db import transaction
from django.test import Client

from journal import chain, receipts
from transactions.books.reconcile import explain, reconcile
from transactions.models import Difference

from ..conftest import NOW

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def page(path: str, language: str = "en") -> str:
    client = Client()
    client.cookies["language"] = language
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.fixture
def lost(cast, submitted) -> str:
    """A request is here, and a receipt whose request is not."""
    submitted()
    with transaction.atomic():
        chain.append("received", "C1A-1448-900001-X", {}, NOW)
    return "C1A-1448-900001-X"


@pytest.mark.parametrize("language", ["ar", "en"])
def test_a_difference_is_published_as_a_figure_and_names_nothing(language, lost, cast, stopped_clock):
    reconcile(stopped_clock)
    for path in ("/books/", f"/books/{NOW.date()}/", f"/books/{NOW.date()}.json", "/api/v1/books/"):
        told = page(path, language)
        assert lost not in told
        assert cast.citizen.full_name not in told
    told = page("/books/", language)
    assert {"ar": "فرق واحد بلا تفسير", "en": "1 difference without explanation"}[language] in told
    assert {"ar": "إيصالات لا يوجد طلبها", "en": "Receipts whose request is missing"}[language] in told


def test_one_that_is_explained_no_longer_counts_as_unexplained(lost, cast, stopped_clock):
    reconcile(stopped_clock)
    explain(Difference.objects.get(), reason="x", owner=None, by=cast.administrator, now=stopped_clock)
    reconcile(stopped_clock)
    assert "No difference without explanation" in page("/books/")


def test_books_that_are_overdue_say_so(cast, monkeypatch, stopped_clock):
    before = page("/books/")
    assert "There are no books yet" in before
    assert "overdue" not in before
    reconcile(stopped_clock - 3 * DAY)
    assert "The books are overdue" in page("/books/")
    assert "The books are overdue" not in page(f"/books/{(stopped_clock - 3 * DAY).date()}/")
    reconcile(stopped_clock)
    assert "The books are overdue" not in page("/books/")


def test_whoever_reads_the_file_can_prove_it(lost, stopped_clock):
    reconcile(stopped_clock)
    day = stopped_clock.date().isoformat()
    document = Client().get(f"/books/{day}.json").json()
    assert Client().get(f"/api/v1/books/{day}/").json() == document == Client().get("/api/v1/books/").json()
    assert hashlib.sha256(document["text"].encode()).hexdigest() == document["sha256"]
    assert receipts.check_token(document["token"]).body["content"] == document["sha256"]
    assert "Daily reconciliation of the books" in page(f"/verify/{document['token']}/")


@pytest.mark.parametrize(
    "path", ["/books/2026-02-30/", "/books/x/", "/books/x.json", "/api/v1/books/x/", "/api/v1/books/"]
)
def test_what_is_not_there_is_not_there(path, cast):
    assert Client().get(path).status_code == 404


def test_administrators_look_into_a_difference_and_explain_it(lost, cast, signed_in, stopped_clock):
    reconcile(stopped_clock)
    row = Difference.objects.get()
    listed = "/staff/transactions/difference/"
    assert signed_in(cast.supervisor).get(listed).status_code == 403
    client = signed_in(cast.administrator)
    client.cookies["language"] = "en"
    told = client.get(listed).content.decode()
    assert lost in told
    assert "Not explained" in told
    form = client.get(f"{listed}{row.pk}/change/").content.decode()
    assert "hand the receipt in" in form
    sent = {"owner": cast.administrator.pk, "reason": "A rehearsal."}
    assert client.post(f"{listed}{row.pk}/change/", sent).status_code == 302
    row.refresh_from_db()
    assert (row.owner, row.reason, row.settled_by) == (cast.administrator, "A rehearsal.", cast.administrator)
    assert "Explained" in client.get(f"{listed}?state=explained&kind=receipt_without_row").content.decode()
    client.post(f"{listed}{row.pk}/change/", {"owner": cast.administrator.pk, "reason": ""})
    row.refresh_from_db()
    assert (row.owner, row.settled_at) == (cast.administrator, None)
