"""SMS: handed over, reported, and the second way when one does not arrive; parts; a gateway broken in every way."""

from __future__ import annotations

import json
import threading
import time
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.core import mail as mailbox
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts import mail, sms, sms_gateway
from accounts.models import User
from core import outside_http, signatures
from core.admin.previewed import consequences_of
from outside.models import Contact
from transactions.models import Delivery, DeliveryReport, Handover, IncidentNotice, Notification, Outbox
from transactions.notifications import handovers, reports
from transactions.notifications.handovers import state_of
from transactions.outbox import queue

from ..conftest import NOW, work_off
from .servers import dripping, hanging_up, listening, read_request, saying, silent

pytestmark = pytest.mark.django_db
SECRET = "a secret of the gateway and us"


def taking(seen=None):
    """A gateway that takes messages under an id made of their key."""

    def behave(connection):
        content = json.loads(read_request(connection).partition(b"\r\n\r\n")[2])
        if seen is not None:
            seen.append(content)
        answer = json.dumps({"id": f"S-{content['key']}"}).encode()
        connection.sendall(f"HTTP/1.1 202 Accepted\r\nContent-Length: {len(answer)}\r\n\r\n".encode() + answer)

    return behave


@pytest.fixture
def gateway(settings):
    settings.SMS_BACKEND = "accounts.sms_gateway.send"

    def at(url):
        settings.SMS_GATEWAY = SimpleNamespace(url=url, secret=SECRET, simulated=False)

    at("http://127.0.0.1:9")
    return at


@pytest.fixture
def notice(gateway, submitted, cast):
    """One notice by SMS, taken by the gateway."""
    seen = []
    User.objects.filter(pk=cast.citizen.pk).update(email="", email_notices=False)
    submitted()
    with listening(taking(seen)) as url:
        gateway(url)
        work_off()
    assert seen[0]["to"] == cast.citizen.phone
    assert seen[0]["parts"] == sms.count_parts(seen[0]["text"])
    return Notification.objects.get(deliveries__handover__gateway_id=f"S-{seen[0]['key']}")


def tell(state, *, secret=SECRET, **more):
    report = {"id": f"r-{time.monotonic_ns()}", "message": "", "state": state, "at": "2026-11-24T12:00:00+03:00"} | more
    content = json.dumps(report).encode()
    headers = {signatures.HEADER: signatures.sign(secret, "from", content, time.time())}
    return Client().post("/outside/sms/reports/", content, content_type="application/json", headers=headers)


def handover(notice):
    return Handover.objects.get(delivery__notification=notice)


@pytest.mark.parametrize("state", sorted(handovers.REPORTED))
@pytest.mark.parametrize("by_our_key", [True, False])
def test_a_report_is_kept_once_whoevers_name_it_bears(notice, state, by_our_key):
    message = handovers.our_key(notice) if by_our_key else handover(notice).gateway_id
    answers = [tell(state, message=message, id="r-1").json()["status"] for _ in range(2)]
    assert answers == ["recorded", "known"]
    assert handover(notice).state == state
    assert DeliveryReport.objects.count() == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"state": "lost"}, {"state": ""}, {"id": ""}, {"message": ""}, {"message": 5}, {"at": ""},
        {"at": "2070-01-01T00:00:00+03:00"}, {"id": "a\0"}, {"id": "\ud800"}, {"more": {"x": ["\udfff"]}},
        {"message": "x" * 81},
    ],
)  # fmt: skip
def test_what_is_no_report_is_refused(notice, wrong):
    assert tell(**{"state": "failed", "message": handover(notice).gateway_id} | wrong).status_code == 422
    assert handover(notice).state == ""


def test_a_report_that_the_gateway_did_not_sign_changes_nothing(notice):
    assert tell("failed", message=handover(notice).gateway_id, secret="not it").status_code == 401
    assert not DeliveryReport.objects.exists()


@pytest.mark.parametrize("message", ["S-unknown", "notice-999999999-1", "notice-x", "notice-1-" + "9" * 40])
def test_a_report_about_nothing_here_is_kept_and_moves_nothing(notice, message):
    assert tell("failed", message=message).json() == {"status": "recorded"}
    assert DeliveryReport.objects.get().handover is None


kinds = st.sampled_from(sorted(handovers.REPORTED))
a_report = st.tuples(st.integers(0, 5), st.sampled_from("abcdef"), kinds)
some_reports = st.lists(a_report, max_size=8, unique_by=lambda report: report[1])


@given(some_reports, st.randoms(use_true_random=False), st.integers(0, 2))
def test_reports_in_any_order_and_number_say_the_same(rows, chance, times):
    moved = [(NOW + timedelta(hours=hour), key, state) for hour, key, state in rows]
    other = moved * (1 + times)
    chance.shuffle(other)
    assert state_of(other) == state_of(moved)
    states = {state for _at, _key, state in moved}
    if "delivered" in states:
        assert state_of(moved) == "delivered"
    elif states & {"failed", "expired"}:
        assert state_of(moved) in {"failed", "expired"}


def test_what_does_not_arrive_goes_by_mail_once(notice, cast):
    User.objects.filter(pk=cast.citizen.pk).update(email="owner@example.org")
    message = handover(notice).gateway_id
    tell("failed", message=message)
    tell("expired", message=message, at="2026-11-24T13:00:00+03:00")
    work_off(timezone.now())
    assert [each.to for each in mailbox.outbox] == [["owner@example.org"]]
    assert Delivery.objects.filter(notification=notice, channel="email").count() == 1
    work_off(timezone.now())
    assert len(mailbox.outbox) == 1
    assert Outbox.objects.filter(kind="second").count() == 1


@pytest.mark.parametrize("better", ["read", "delivered"])
def test_nothing_more_is_sent_once_it_was_read_or_delivered(notice, cast, better):
    User.objects.filter(pk=cast.citizen.pk).update(email="owner@example.org")
    message = handover(notice).gateway_id
    tell("failed", message=message)
    if better == "read":
        Notification.objects.filter(pk=notice.pk).update(read_at=NOW)
    else:
        tell("delivered", message=message, at="2026-11-24T11:00:00+03:00")
    work_off(timezone.now())
    assert mailbox.outbox == []


def test_a_mail_server_that_is_away_too_is_tried_again(notice, cast, settings):
    User.objects.filter(pk=cast.citizen.pk).update(email="owner@example.org")
    tell("failed", message=handover(notice).gateway_id)
    settings.EMAIL_BACKEND, working = "tests.outside.test_sms.NoMail", settings.EMAIL_BACKEND
    row = Outbox.objects.get(kind="second")
    assert not queue.process_row(row.pk, row.not_before)
    settings.EMAIL_BACKEND = working
    row.refresh_from_db()
    assert queue.process_row(row.pk, row.not_before)
    assert len(mailbox.outbox) == 1


class NoMail:
    """A mail server that is not there."""

    def __init__(self, **_options):
        pass

    def send_messages(self, _messages):
        raise ConnectionRefusedError("nobody there")


def test_without_an_address_it_stands_on_the_list_of_letters_until_one_is_sent(notice, cast, signed_in):
    tell("failed", message=handover(notice).gateway_id)
    work_off(timezone.now())
    page, sent = reverse("staff:outside_letters"), reverse("staff:outside_letter_sent", args=[notice.pk])
    assert notice.event.transaction.reference not in signed_in(cast.other_registry).get(page).content.decode()
    assert signed_in(cast.other_registry).post(sent).status_code == 404
    assert signed_in(cast.reviewer).get(page).status_code == 404
    client = signed_in(cast.registry)
    assert notice.event.transaction.reference in client.get(page).content.decode()
    assert client.post(sent).status_code == 302
    assert Delivery.objects.filter(notification=notice, channel="post").count() == 1
    assert notice.event.transaction.reference not in client.get(page).content.decode()


def test_what_was_delivered_stands_on_no_list(notice, cast):
    tell("delivered", message=handover(notice).gateway_id)
    assert not reports.not_reached(cast.registry, timezone.now()).exists()


@pytest.mark.parametrize(
    "behave",
    [
        silent, dripping(0.05), hanging_up, saying(b"{}", "503 Service Unavailable"), saying(b"{}", "401 No"),
        saying(b"<html>"), saying(b'{"id": 7}'), saying(b'{"id": ""}'), saying(b'{"id": "%s"}' % (b"x" * 81)),
    ],
)  # fmt: skip
def test_a_broken_gateway_takes_nothing_and_the_notice_waits(gateway, submitted, cast, monkeypatch, behave):
    monkeypatch.setattr(outside_http, "ANSWER_SECONDS", 0.3)
    User.objects.filter(pk=cast.citizen.pk).update(email="", email_notices=False)
    submitted()
    with listening(behave) as url:
        gateway(url)
        work_off()
    assert not Delivery.objects.exists()
    row = Outbox.objects.filter(kind="notify").order_by("pk")[0]
    assert (row.state, row.attempts) == ("owed", 1)
    assert Contact.objects.get(body="sms").failed_at or behave is not None
    with listening(taking()) as url:
        gateway(url)
        outside_http.close_circuit("sms")
        assert queue.process_row(row.pk, row.not_before)
    assert Handover.objects.exists()


def test_who_is_away_is_found_out_once_for_all_messages(gateway, submitted, cast):
    """What a failed message found out is kept, although the message itself is not on record."""
    User.objects.filter(pk=cast.citizen.pk).update(email="", email_notices=False)
    for _ in range(outside_http.MAX_FAILURES):
        submitted(routed=False)
    with listening(saying(b"", "500 Oops")) as url:
        gateway(url)
        work_off()
    assert outside_http.open_circuit("sms") is not None


def test_a_refused_number_goes_by_mail_and_staff_see_it(gateway, submitted, cast):
    User.objects.filter(pk=cast.citizen.pk).update(email="owner@example.org", email_notices=False)
    submitted()
    with listening(saying(b"{}", "422 Unprocessable Entity")) as url:
        gateway(url)
        work_off()
        work_off(NOW + timedelta(hours=1))
    assert {row.state for row in Outbox.objects.filter(kind="notify")} == {"dead"}
    assert mailbox.outbox[0].to == ["owner@example.org"]


def test_the_mail_server_has_its_place_too(settings, city):
    settings.EMAIL_BACKEND = "tests.outside.test_sms.NoMail"
    for _ in range(outside_http.MAX_FAILURES):
        with pytest.raises(ConnectionRefusedError):
            mail.send_mail("a@example.org", "x", "y", key="1")
    with pytest.raises(outside_http.CircuitOpen):
        mail.send_mail("a@example.org", "x", "y", key="1")
    assert Contact.objects.get(body="mail").failure == "unreachable"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", 1), ("a" * 160, 1), ("a" * 161, 2), ("a" * 306, 2), ("a" * 307, 3), ("€" * 80, 1), ("€" * 81, 2),
        ("ا" * 70, 1), ("ا" * 71, 2), ("ا" * 134, 2), ("ا" * 135, 3), ("a" * 70 + "ا", 2),
        ("😀" * 35, 1), ("😀" * 36, 2),
        ("a–b" * 53, 1), ("\u2068a\u2069" * 160, 1),
    ],
)  # fmt: skip
def test_parts_are_counted_as_gateways_charge_them(text, parts):
    assert sms.count_parts(text) == parts


@given(st.text(alphabet=st.characters(blacklist_categories=("Cs",)), max_size=400), st.text(max_size=5))
def test_more_text_never_takes_fewer_parts(text, more):
    assert 1 <= sms.count_parts(text) <= sms.count_parts(text + "ا" * 200)


def test_who_announces_an_incident_reads_how_many_parts_it_takes(city):
    notice = IncidentNotice(
        text_ar="توقفت الشبكة. " * 10, text_en="Down. " * 10, operations=["payments"], starts_at=NOW, tells_people=True
    )
    with translation.override("en"):
        sentences = consequences_of(notice)
    assert "By SMS: 3 parts in Arabic, 1 in English." in sentences


def test_the_backend_of_the_demo_keeps_the_folder_it_shows(gateway, settings, city):
    with listening(taking()) as url:
        gateway(url)
        assert sms_gateway.send_in_demo("+966500000001", "x", "k") == "S-k"
    assert len(list(settings.SMS_DIR.iterdir())) == 1


# -- in whatever order --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by_our_key", [True, False])
@pytest.mark.parametrize("state", sorted(handovers.REPORTED))
def test_a_report_that_comes_before_our_own_row_counts(gateway, submitted, cast, state, by_our_key):
    User.objects.filter(pk=cast.citizen.pk).update(email="owner@example.org", email_notices=False)
    submitted()
    sent = Notification.objects.get()
    assert tell(state, message=f"{'' if by_our_key else 'S-'}{handovers.our_key(sent)}").status_code == 200
    tell("failed", message="S-of-another")
    with listening(taking()) as url:
        gateway(url)
        work_off()
    assert handover(sent).state == state
    work_off(timezone.now())
    assert len(mailbox.outbox) == (state in handovers.NOT_DELIVERED)
    assert DeliveryReport.objects.filter(handover=None).count() == 1


events = st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["notice", "S"]), kinds), max_size=6)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=events, at=st.integers(0, 6))
def test_in_whatever_order_reports_and_our_row_come_they_say_the_same(notice, rows, at):
    delivery = notice.deliveries.get()
    with transaction.atomic():
        handover(notice).delete()
        for turn, (hour, name, state) in enumerate([*rows, (0, "", "")]):
            if turn == min(at, len(rows)):
                handovers.record_handover(delivery, "S-1", NOW)
            if name:
                message = "S-1" if name == "S" else handovers.our_key(notice)
                happened_at = NOW + timedelta(hours=hour)
                facts = {"key": f"k{turn}", "message": message, "state": state, "happened_at": happened_at}
                assert reports.record_report(**facts, now=NOW)
        told = [(NOW + timedelta(hours=hour), f"k{turn}", state) for turn, (hour, _name, state) in enumerate(rows)]
        assert handover(notice).state == state_of(told)
        assert not DeliveryReport.objects.filter(handover=None).exists()
        transaction.set_rollback(True)


@pytest.mark.django_db(transaction=True)
@pytest.mark.stack  # SQLite has one writer at a time
@pytest.mark.parametrize("by_our_key", [True, False])
def test_a_report_waits_for_the_row_that_is_being_written(notice, by_our_key):
    """Neither sees what the other has not committed yet."""
    delivery, name = notice.deliveries.get(), handovers.our_key(notice) if by_our_key else "S-1"
    handover(notice).delete()

    def report():
        reports.record_report(key="k", message=name, state="failed", happened_at=NOW, now=NOW)
        connection.close()

    other = threading.Thread(target=report)
    with transaction.atomic():
        handovers.record_handover(delivery, "S-1", NOW)
        other.start()
        other.join(0.5)
        assert other.is_alive()
    other.join(10)
    assert handover(notice).state == "failed"


# -- after a restore ----------------------------------------------------------------------------------------------


def test_a_number_given_again_after_a_restore_is_another_message(notice, gateway, cast):
    """The gateway drops what it has had under the same key: this one it has not had."""
    before, pk = handovers.our_key(notice), notice.pk
    event = notice.event
    Handover.objects.all().delete()
    Delivery.objects.all().delete()
    Outbox.objects.all().delete()
    notice.delete()
    again = Notification.objects.create(pk=pk, event=event, recipient=cast.citizen, created_at=NOW + timedelta(hours=3))
    queue.enqueue("notify", pk, dedupe="notify:again", now=NOW)
    seen = []
    with listening(taking(seen)) as url:
        gateway(url)
        work_off()
    assert [message["key"] for message in seen] == [handovers.our_key(again)]
    assert handovers.our_key(again) != before
    tell("failed", message=before)
    assert handover(again).state == ""


moments = st.datetimes(NOW.replace(tzinfo=None), timezones=st.just(NOW.tzinfo)).map(
    lambda at: at.replace(microsecond=0)
)


@given(st.integers(1, 10**18), moments, moments)
def test_a_key_is_that_of_one_row_of_one_moment(pk, at, other):
    key = outside_http.key_of("notice", pk, at)
    assert (key == outside_http.key_of("notice", pk, other)) is (at == other)
    assert len(key) <= 80


@pytest.mark.parametrize("given_id", ["", 7, None, "x" * 81, "a\0b", "\ud800"])
def test_an_id_that_cannot_be_kept_is_no_id(gateway, given_id):
    answer = outside_http.Answer(200, json.dumps({"id": given_id}).encode())
    with pytest.raises(ValueError, match="no id"):
        sms_gateway._id(answer)
