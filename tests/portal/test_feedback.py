"""“Was this page useful?”: taken from anybody, without a word about them; a list and a file for administrators."""

from __future__ import annotations

import csv
import io
import re
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from accounts.models import AccessRecord
from transactions import feedback
from transactions.models import FailedAttempt, PageFeedback
from transactions.quotas import MAX_FEEDBACK

from ..conftest import NOW
from .world import client_of

pytestmark = pytest.mark.django_db
PLACE = "/feedback/"


def pressed(client, answer, page="transactions:help", **more):
    return client.post(PLACE, {"page": page, "useful": answer}, **more)


@pytest.mark.parametrize("path", ["/", "/services/", "/help/", "/inquiry/", "/verify/", "/accounts/login/"])
def test_what_a_public_page_asks_can_be_answered(path, client, city):
    page = client.get(path).content.decode()
    asked = re.search(r'name="page" value="([^"]+)"', page)
    if path == "/accounts/login/":
        assert asked is None, "who is writing is asked nothing else"
        return
    assert pressed(client, "yes", asked[1]).url == PLACE
    row = PageFeedback.objects.get()
    assert (row.page, row.useful, row.language, row.reason) == (asked[1], True, "ar", "")
    assert "شكرًا" in client.get(PLACE).content.decode()


def test_who_says_no_is_asked_why_once(client, city):
    there = pressed(client, "no").url
    page = client.get(there).content.decode()
    token = re.search(r'name="t" value="([^"]+)"', page)[1]
    assert client.post(PLACE, {"t": token, "reason": "not_clear"}).url == PLACE
    assert client.post(PLACE, {"t": token, "reason": "not_true"}).status_code == 302
    assert PageFeedback.objects.get().reason == "not_clear", "the first stands"


@pytest.mark.parametrize("token", ["", "x", "1:abc:def", "ا"])
@pytest.mark.parametrize("reason", ["not_clear", "", "<script>", "ليس صحيحًا"])
def test_a_reason_without_its_answer_is_nobodys(token, reason, client, city):
    assert not feedback.give_reason(token=token, reason=reason)
    assert client.get(PLACE, {"t": token}).status_code == 200
    assert not PageFeedback.objects.exists()


@pytest.mark.parametrize(
    ("page", "answer"),
    [("", "yes"), ("/requests/C1A-1448-000123-X/", "yes"), ("transactions:nothing", "no"), ("staff:index", "no"),
     ("transactions:help", "maybe"), ("transactions:help", ""), ("x" * 5000, "yes")],
)  # fmt: skip
def test_what_no_page_of_ours_asked_is_refused(page, answer, client, city):
    assert pressed(client, answer, page).status_code == 400
    assert not PageFeedback.objects.exists()


def test_an_answer_holds_nothing_about_who_gave_it(cast):
    person = client_of(cast.citizen)
    pressed(person, "no", "transactions:requests", REMOTE_ADDR="198.51.100.23")
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM transactions_pagefeedback")
        row = " ".join(map(str, cursor.fetchone()))
    for about_them in ("198.51.100", cast.citizen.national_id, cast.citizen.full_name):
        assert about_them not in row
    assert not re.search(r"\d:\d\d", row), "a day, not the minute"


def test_a_network_has_its_share_of_an_hour_and_others_theirs(client, city):
    first = {"page": "transactions:help", "language": "ar", "useful": True, "now": NOW}
    for _again in range(MAX_FEEDBACK):
        feedback.give_feedback(address="2001:db8::1", **first)
    with pytest.raises(feedback.OverQuota):
        feedback.give_feedback(address="2001:db8::2", **first)  # the same /64
    feedback.give_feedback(address="2001:db8:1::1", **first)
    assert PageFeedback.objects.count() == MAX_FEEDBACK + 1


def test_too_many_are_told_when_to_come_back(client, city):
    pressed(client, "yes")
    FailedAttempt.objects.filter(bucket__startswith="quota:feedback").update(count=MAX_FEEDBACK)
    refused = pressed(client, "yes")
    assert refused.status_code == 429
    assert 0 < int(refused["Retry-After"]) <= 3600
    assert PageFeedback.objects.count() == 1


def test_administrators_read_them_as_a_list_and_as_a_file(cast):
    for useful in (True, False):
        feedback.give_feedback(page="transactions:help", language="en", useful=useful, address="198.51.100.7", now=NOW)
    reader = client_of(cast.administrator)
    listing = reverse("staff:transactions_pagefeedback_changelist")
    listed = reader.get(listing)
    export = f"{reverse('staff:export')}?{urlencode({'from': listing, 'format': 'csv'})}"
    assert escape(export) in listed.content.decode()
    taken = AccessRecord.objects.filter(act="export")
    assert not taken.exists()
    rows = list(csv.reader(io.StringIO(reader.get(export).getvalue().decode("utf-8-sig"))))
    assert taken.get().why == "csv, 2 rows"
    assert [row[2:4] for row in rows[1:]] == [["الإنجليزية", "لا"], ["الإنجليزية", "نعم"]]
    for other in (client_of(cast.reviewer), client_of(cast.citizen), Client()):
        assert other.get(export).status_code in (302, 403, 404)
