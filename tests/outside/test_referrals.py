"""From the decision to the body and back: sent, acknowledged, concluded; every way to break; what the person sees."""

from __future__ import annotations

import json
import time
import uuid
from datetime import timedelta

import pytest
from django.conf import settings as django_settings
from django.db import DatabaseError, transaction
from django.test import Client
from django.utils import translation

from core import outside_http, signatures
from outside.models import BodyMessage, Contact, Exchange, Referral
from outside.referrals import KIND, create_referrals
from transactions.models import Event, Notification, Outbox
from transactions.outbox import queue
from transactions.text.timeline import history_of

from ..conftest import NOW, drive, work_off
from .servers import dripping, hanging_up, listening, raw, read_request, saying, silent

pytestmark = pytest.mark.django_db
SECRET = "a secret of the company and us"


def taking(number="", seen=None):
    """A body that takes messages, and may give its own number at once."""

    def behave(connection):
        request = read_request(connection)
        head, _, content = request.partition(b"\r\n\r\n")
        if seen is not None:
            seen.append((head.decode(), json.loads(content), content))
        told = json.dumps({"message": json.loads(content)["message"], "number": number}).encode()
        connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {len(told)}\r\n\r\n".encode() + told)

    return behave


@pytest.fixture
def at(settings):
    """The electricity company answers at this address."""

    def set_to(url):
        settings.OUTSIDE_BODIES = settings.OUTSIDE_BODIES | {"electricity": (url, SECRET)}

    set_to("http://127.0.0.1:9")
    return set_to


@pytest.fixture
def sent_out(at, submitted, cast):
    """A connection that was approved and dispatched; its message waits."""
    return drive(submitted(), cast, "completed")


def send(now=None):
    (row,) = Outbox.objects.filter(kind=KIND)
    Outbox.objects.filter(pk=row.pk).update(not_before=NOW, lease_until=None, state="owed")
    return queue.process_row(row.pk, now or NOW + timedelta(days=1))


def tell(**told):
    content = json.dumps(told).encode()
    return post("electricity", content, signatures.sign(SECRET, "from", content, time.time()))


def post(body, content, signature):
    headers = {signatures.HEADER: signature}
    return Client().post(f"/outside/{body}/events/", content, content_type="application/json", headers=headers)


def event(case, kind, **more):
    """What a company would say of a case, a second ago."""
    facts = {"id": str(uuid.uuid4()), "event": kind, "reference": case.reference, "at": "2026-11-25T10:00:00+03:00"}
    facts |= {
        "acknowledged": {"number": "E-77"},
        "connected": {"given": ["M-5"]},
        "refused": {"reason": "No cable"},
    }.get(kind, {})
    return facts | more


def test_a_dispatched_connection_waits_is_sent_and_is_acknowledged_apart(sent_out, at, cast):
    referral = Referral.objects.get()
    assert (referral.state, referral.sent_at, referral.body) == ("waiting", None, "electricity")
    seen = []
    with listening(taking(seen=seen)) as url:
        at(url)
        assert send()
    referral.refresh_from_db()
    assert (referral.state, referral.number) == ("sent", "")
    assert referral.acknowledged_at is None
    ((head, told, content),) = seen
    assert f"Idempotency-Key: {referral.key}" in head
    header = next(line.split(": ")[1] for line in head.split("\r\n") if line.startswith(signatures.HEADER))
    signatures.check(SECRET, "to", content, header, (NOW + timedelta(days=1)).timestamp())
    assert told["reference"] == sent_out.reference
    assert told["person"]["national_id"] == cast.citizen.national_id
    assert {answer["name"] for answer in told["answers"]} >= {"request_kind", "load_kva", "district"}
    assert [paper["kind"] for paper in told["papers"]] == ["electricity-letter"]
    assert cast.citizen.national_id not in json.dumps(Referral.objects.get().content)
    assert Exchange.objects.get().outcome == "answered"
    assert Contact.objects.get().failed_at is None
    assert tell(**event(sent_out, "acknowledged")).json() == {"status": "recorded"}
    referral.refresh_from_db()
    assert (referral.state, referral.number) == ("acknowledged", "E-77")


def test_a_body_may_give_its_number_at_once(sent_out, at):
    with listening(taking("E-9")) as url:
        at(url)
        assert send()
    referral = Referral.objects.get()
    assert (referral.state, referral.number) == ("acknowledged", "E-9")
    assert Event.objects.filter(move="outside_answer").count() == 1


def numbered(connection, number):
    taking(number)(connection)


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(outside_http, "ANSWER_SECONDS", 0.3)


@pytest.mark.parametrize(
    ("behave", "state", "rejected"),
    [
        (silent, "owed", ""),
        (dripping(0.05), "owed", ""),
        (hanging_up, "owed", ""),
        (saying(b"{}", "503 Service Unavailable"), "owed", ""),
        (saying(b"{}", "401 Unauthorized"), "owed", ""),
        (saying(b"<html>"), "owed", ""),
        (saying(b'{"message": "another"}'), "owed", ""),
        (lambda link: numbered(link, "\0"), "owed", ""),
        (lambda link: numbered(link, "\ud800"), "owed", ""),
        (raw(b"220 smtp ready\r\n"), "owed", ""),
        (saying(b"{}", "422 Unprocessable Entity"), "dead", "HTTP 422"),
    ],
)
def test_a_broken_body_never_makes_it_sent(sent_out, at, impatient, behave, state, rejected):
    with listening(behave) as url:
        at(url)
        assert not send()
    referral = Referral.objects.get()
    assert (referral.state, referral.sent_at, referral.rejected) == ("waiting", None, rejected)
    assert Outbox.objects.get(kind=KIND).state == state
    assert not BodyMessage.objects.exists()
    if state == "owed":
        with listening(taking()) as url:
            at(url)
            assert send()
        assert Referral.objects.get().state == "sent"


def test_who_is_away_is_left_alone_and_the_job_does_not_use_up_its_tries(sent_out, at):
    with listening(saying(b"", "500 Oops")) as url:
        at(url)
        for _ in range(outside_http.MAX_FAILURES):
            assert not send()
        tries = Outbox.objects.get(kind=KIND).attempts
        assert not send()
    row = Outbox.objects.get(kind=KIND)
    assert (row.attempts, row.last_error.startswith(queue.Postponed.noted("body"))) == (tries, True)


def test_two_tries_are_one_message_to_the_body(sent_out, at, cast, impatient):
    """The answer was lost: the same key and the same words go again, also when the person's name was changed since."""
    seen = []

    def takes_and_hangs_up(connection):
        head, _, content = read_request(connection).partition(b"\r\n\r\n")
        seen.append((head.decode(), json.loads(content), content))

    with listening(takes_and_hangs_up) as url:
        at(url)
        assert not send()
    with listening(taking(seen=seen)) as url:
        at(url)
        assert send()
    assert len({told["message"] for _head, told, _content in seen}) == 1
    assert seen[0][2] == seen[1][2]


@pytest.mark.parametrize("kinds", [["acknowledged", "connected"], ["connected", "acknowledged"], ["connected"] * 3])
def test_answers_in_any_order_end_the_same(sent_out, kinds):
    told = {kind: event(sent_out, kind) for kind in kinds}
    told.get("connected", {})["at"] = "2026-11-26T09:00:00+03:00"
    for kind in kinds:
        assert tell(**told[kind]).status_code == 200
    referral = Referral.objects.get()
    assert (referral.state, referral.outcome, referral.given) == ("concluded", "connected", ["M-5"])
    news = [each.facts["state"] for each in Event.objects.filter(move="outside_answer").order_by("seq")]
    # What comes late is kept, and tells nobody what they know better already.
    assert news == (["acknowledged", "connected"] if kinds[0] == "acknowledged" else ["connected"])


def test_a_message_that_comes_twice_counts_once(sent_out):
    told = event(sent_out, "acknowledged")
    assert [tell(**told).json()["status"] for _ in range(3)] == ["recorded", "known", "known"]
    assert BodyMessage.objects.count() == Event.objects.filter(move="outside_answer").count() == 1
    assert tell(**told | {"number": "E-78"}).status_code == 409
    assert Referral.objects.get().number == "E-77"


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"secret": "not it"}, 401),
        ({"direction": "to"}, 401),
        ({"at": 0}, 401),
        ({"body": "unknown"}, 404),
        ({"body": "notary"}, 404),  # nobody said where it is: it has no secret
        ({"raw": b""}, 422),
        ({"raw": b"[]"}, 422),
        ({"raw": b'{"id": "\\ud800", "event": "x", "reference": "y", "at": "2026-11-25T10:00:00+03:00"}'}, 422),
        ({"raw": b'{"id": "1", "more": {"\\u0000": 1}}'}, 422),
        ({"raw": b"[" * 20000}, 422),
        ({"raw": b'{"more": ' * 5000}, 422),
        ({"raw": b" " * 70000}, 413),
    ],
)
def test_what_is_no_message_of_the_body_changes_nothing(sent_out, more, status):
    content = more.get("raw", json.dumps(event(sent_out, "connected")).encode())
    secret, direction, at = more.get("secret", SECRET), more.get("direction", "from"), more.get("at", time.time())
    answer = post(more.get("body", "electricity"), content, signatures.sign(secret, direction, content, at))
    assert answer.status_code == status
    assert not BodyMessage.objects.exists()
    assert Referral.objects.get().state == "waiting"


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": ""}, {"id": "x" * 101}, {"id": 7}, {"event": ""}, {"event": "exploded"}, {"at": "yesterday"},
        {"at": "2026-11-25T10:00:00"}, {"at": "2226-11-25T10:00:00+03:00"}, {"at": "2070-01-01T10:00:00+03:00"},
        {"given": "M-5"}, {"given": [5]}, {"given": ["x" * 61]}, {"given": []}, {"reference": "", "message": ""},
        {"number": "x" * 61}, {"reason": "x" * 2001}, {"number": "a\0b"},
    ],
)  # fmt: skip
def test_what_a_body_cannot_mean_is_refused_with_what_is_wrong(sent_out, wrong):
    answer = tell(**event(sent_out, "connected") | wrong)
    assert answer.status_code == 422
    assert answer.json()["detail"]
    assert not BodyMessage.objects.exists()


def test_a_refusal_needs_its_reason_and_an_acknowledgement_its_number(sent_out):
    assert tell(**event(sent_out, "refused", reason=" ")).status_code == 422
    assert tell(**event(sent_out, "acknowledged", number="")).status_code == 422
    assert tell(**event(sent_out, "refused")).status_code == 200
    assert Referral.objects.get().reason == "No cable"


@pytest.mark.parametrize("about", ["C1A-1448-999999-1", "E-5555", "2f1c1e52-6d0c-4b4e-9a57-0d3f6d1f3a10"])
def test_what_fits_no_request_is_kept_on_a_list(sent_out, about):
    told = event(sent_out, "acknowledged", reference=about)
    assert [tell(**told).json()["status"] for _ in range(2)] == ["unmatched", "known"]
    assert BodyMessage.objects.get().referral is None


def test_a_reference_is_read_as_people_write_it_and_so_is_our_own_key(sent_out):
    told = event(sent_out, "acknowledged", reference=sent_out.reference.lower().replace("-", " "))
    assert tell(**told).json()["status"] == "recorded"
    by_key = event(sent_out, "connected", reference="", message=str(Referral.objects.get().key))
    assert tell(**by_key).json()["status"] == "recorded"


def test_the_applicant_reads_what_is_known_and_no_more(sent_out, cast):
    before = Notification.objects.count()
    tell(**event(sent_out, "acknowledged"))
    with translation.override("en"):
        sent_out.refresh_from_db()
        entry = history_of(sent_out)[0]
    assert entry.title == "The electricity company: received"
    assert "under its own number \u2068E-77\u2069" in entry.text
    assert "Its published time is 40 working days" in entry.text
    assert Notification.objects.count() == before + 1
    tell(**event(sent_out, "refused"))
    with translation.override("en"):
        entry = history_of(sent_out)[0]
    assert entry.title == "The electricity company refuses the connection"
    assert entry.text.endswith("Its reason: No cable")


def test_a_later_conclusion_counts_and_the_person_hears_of_it(sent_out):
    tell(**event(sent_out, "refused"))
    tell(**event(sent_out, "connected", at="2026-11-26T10:00:00+03:00"))
    tell(**event(sent_out, "refused", at="2026-11-24T10:00:00+03:00"))
    referral = Referral.objects.get()
    assert referral.outcome == "connected"
    states = [each.facts["state"] for each in Event.objects.filter(move="outside_answer").order_by("seq")]
    assert states == ["refused", "connected"]


def test_messages_are_never_changed(sent_out):
    tell(**event(sent_out, "acknowledged"))
    with pytest.raises(DatabaseError), transaction.atomic():
        BodyMessage.objects.update(number="E-1")


def test_a_subdivision_goes_to_survey_and_notary_each_once(submitted, cast):
    case = submitted("land-subdivision")
    case = drive(case, cast, "under_tech_audit")
    assert [each.code for each in Referral.objects.all()] == ["survey"]
    case = drive(case, cast, "issued")
    assert sorted(each.code for each in Referral.objects.all()) == ["deeds", "survey"]
    # Nobody said where they are: nothing is tried, and both stand in the list of letters.
    assert not Outbox.objects.filter(kind=KIND).exists()


def test_without_an_address_nothing_is_owed(submitted, cast):
    assert not any(place[0] for place in django_settings.OUTSIDE_BODIES.values())
    drive(submitted(), cast, "completed")
    work_off(NOW + timedelta(days=2))
    assert Referral.objects.get().state == "waiting"


def test_after_a_restore_what_a_body_has_is_sent_under_the_same_key(at, submitted, cast):
    """The database came back without the approval, which is given again."""
    case = drive(submitted(), cast, "completed")
    before = Referral.objects.get()
    Outbox.objects.filter(kind=KIND).delete()
    before.delete()
    event = Event.objects.filter(transaction=case).get(move="dispatch")
    create_referrals(event=event)
    assert Referral.objects.get().key == before.key
    other = drive(submitted(), cast, "completed")
    assert other.referrals.get().key != before.key
