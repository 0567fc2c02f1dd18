"""Work owed is done once, whatever dies."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.core import mail
from django.db import OperationalError, connection

from accounts.sms import MessageRefused
from transactions.models import Delivery, Notification, Outbox
from transactions.notifications import notices
from transactions.outbox import queue
from transactions.outbox.heartbeat import beat

from ..conftest import NOW, work_off

pytestmark = pytest.mark.django_db


def owed(case) -> Outbox:
    return Outbox.objects.get(kind="route", subject=case.pk)


def test_a_row_is_claimed_by_one(cast, submitted):
    case = submitted(routed=False)
    row = owed(case)
    assert queue.process_row(row.pk, NOW) is True
    assert queue.process_row(row.pk, NOW) is False
    case.refresh_from_db()
    assert (case.status, case.events.filter(move="route").count()) == ("incoming", 1)


def test_a_worker_that_died_after_claiming_is_followed_by_another(cast, submitted):
    case = submitted(routed=False)
    row = owed(case)
    Outbox.objects.filter(pk=row.pk).update(state="claimed", lease_until=NOW + queue.LEASE, attempts=1)
    assert queue.process_row(row.pk, NOW) is False
    later = NOW + queue.LEASE + timedelta(seconds=1)
    assert queue.due_ids("route", later, 10) == [row.pk]
    assert queue.process_row(row.pk, later) is True
    row.refresh_from_db()
    assert (row.state, row.attempts) == ("done", 2)


def test_failing_work_of_our_own_is_tried_for_ever_and_blocks_nothing(cast, submitted, monkeypatch):
    done: list[int] = []

    def handler(subject: int, now: datetime) -> None:
        if len(done) < subject:
            done.append(subject)
            raise RuntimeError("not yet")

    monkeypatch.setitem(queue._handlers, "own-work", handler)
    row, other = queue.enqueue("own-work", 23, dedupe="own", now=NOW), submitted(routed=False)
    now = NOW
    for attempt in [
        *range(1, 15),
        *range(queue.MAX_ATTEMPTS_IN_A_MONTH, queue.MAX_ATTEMPTS_IN_A_MONTH + 3),
        *range(29_998, 30_001),
        30_000,
    ]:
        Outbox.objects.filter(pk=row.pk).update(attempts=attempt - 1)
        assert queue.process_row(row.pk, now) is False
        row.refresh_from_db()
        assert row.attempts == attempt
        assert row.not_before - now <= timedelta(minutes=15)
        assert (row.state, "not yet" in row.last_error) == ("owed", True)
        now = row.not_before + timedelta(seconds=1)
    assert work_off(now - timedelta(minutes=1)) >= 1
    other.refresh_from_db()
    assert other.status == "incoming"
    assert [queue.process_row(row.pk, now + timedelta(hours=n)) for n in range(1, 4)] == [False, False, True]


class Gateway:
    """An SMS gateway that is away until somebody puts it right; notes what it took."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, str]] = []
        self.wrong: Exception | None = ConnectionError("nobody there")

    def send(self, phone: str, text: str, key: str) -> None:
        if self.wrong:
            raise self.wrong
        self.taken.append((phone, key))


@pytest.fixture
def gateway(monkeypatch, settings) -> Gateway:
    made = Gateway()
    monkeypatch.setattr("tests.transactions.test_outbox.take", made.send, raising=False)
    settings.SMS_BACKEND = "tests.transactions.test_outbox.take"
    return made


def wait(row: Outbox, until: datetime, now: datetime = NOW) -> datetime:
    """Try a row until then: the first twenty attempts and the last are made, those between are only counted."""
    while now < until:
        assert queue.process_row(row.pk, now) is False
        row.refresh_from_db()
        if row.state == "dead":
            break
        now = row.not_before
        if row.attempts == 20:
            many = max(0, (until - now) // queue.retry_delay(20) - 2)
            Outbox.objects.filter(pk=row.pk).update(attempts=20 + many, not_before=(now := now + many * PAUSE))
            row.refresh_from_db()
    return now


PAUSE = queue.retry_delay(20)


@pytest.mark.parametrize("away", [timedelta(seconds=255), timedelta(hours=7), timedelta(days=21), timedelta(days=29)])
def test_a_gateway_may_be_away_for_weeks_and_each_message_goes_out_once(cast, submitted, gateway, away):
    submitted()
    row = Outbox.objects.get(kind="notify")
    now = wait(row, NOW + away)
    assert row.state == "owed"
    assert now - (NOW + away) <= timedelta(minutes=15)
    gateway.wrong = None
    assert queue.process_row(row.pk, now) is True
    assert queue.process_row(row.pk, now + timedelta(hours=1)) is False
    assert [phone for phone, _key in gateway.taken] == [cast.citizen.phone]


def test_pauses_double_up_to_a_quarter_of_an_hour_and_last_a_month():
    pauses = [queue.retry_delay(attempts) for attempts in range(1, queue.MAX_ATTEMPTS_IN_A_MONTH)]
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (timedelta(seconds=2), timedelta(minutes=15))
    assert timedelta(days=30) <= sum(pauses, timedelta()) < timedelta(days=31)


def test_after_a_month_a_message_is_given_up_and_seen(cast, submitted, gateway):
    submitted()
    row = Outbox.objects.get(kind="notify")
    now = wait(row, NOW + timedelta(days=31))
    assert now - NOW >= timedelta(days=30)
    assert (row.state, "nobody there" in row.last_error) == ("dead", True)
    gateway.wrong = None
    queue.requeue(row, now)
    assert queue.process_row(row.pk, now) is True
    assert len(gateway.taken) == 1


def test_what_the_gateway_will_never_take_is_dead_at_once(cast, submitted, gateway):
    submitted()
    gateway.wrong = MessageRefused("no such number")
    row = Outbox.objects.get(kind="notify")
    assert queue.process_row(row.pk, NOW) is False
    row.refresh_from_db()
    assert (row.state, row.attempts, "no such number" in row.last_error) == ("dead", 1, True)


def test_a_refused_number_does_not_give_up_a_mail_that_may_still_go(cast, submitted, gateway, settings):
    cast.citizen.email, cast.citizen.email_notices = "citizen@example.org", True
    cast.citizen.save()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9  # nobody listens there
    submitted()
    gateway.wrong = MessageRefused("no such number")
    row = Outbox.objects.get(kind="notify")
    assert queue.process_row(row.pk, NOW) is False
    row.refresh_from_db()
    assert row.state == "owed"
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert queue.process_row(row.pk, row.not_before) is False
    row.refresh_from_db()
    assert (row.state, len(mail.outbox)) == ("dead", 1)


@pytest.mark.parametrize(
    ("code", "said", "never"),
    [
        (550, b"5.1.1 no such user", True),
        (550, b"no such user", True),
        (553, b"5.1.3 bad address", True),
        (550, b"5.7.1 relaying denied", False),
        (554, b"5.7.1 blocked", False),
        (450, b"4.2.0 greylisted", False),
        (452, b"4.2.2 mailbox full", False),
        (552, b"5.2.2 mailbox full", False),
    ],
)
def test_a_mail_server_is_believed_about_the_address_alone(code, said, never):
    assert notices._is_unknown_address(code, said) is never


def test_a_database_that_was_away_is_nobodys_death(cast, submitted):
    row = owed(submitted(routed=False))
    for attempts in (1, 199, 201, queue.MAX_ATTEMPTS_IN_A_MONTH, 29_999):
        for kind in ("route", "notify"):
            Outbox.objects.filter(pk=row.pk).update(kind=kind, attempts=attempts, state="claimed", lease_until=NOW)
            row.refresh_from_db()
            queue._reschedule(row, OperationalError("gone"), NOW)
            row.refresh_from_db()
            assert row.state == "owed"
            assert row.not_before - NOW <= timedelta(minutes=15)


@pytest.mark.parametrize("kind", ["notify", "warn", "a-kind-of-tomorrow"])
def test_what_is_about_nothing_or_unknown_is_dead_at_once_and_seen(kind, db):
    row = queue.enqueue(kind, 987_654_321, dedupe="x", now=NOW)
    assert queue.process_row(row.pk, NOW) is False
    row.refresh_from_db()
    assert (row.state, bool(row.last_error)) == ("dead", True)


def test_who_finds_the_gateway_away_does_not_try_it_for_everybody_who_waits(cast, submitted, gateway):
    for _ in range(8):
        submitted()
    queue.process_kind("notify", NOW)
    assert Outbox.objects.filter(kind="notify", attempts=1).count() == queue.MAX_FAILURES_IN_A_ROW
    gateway.wrong = None
    assert work_off(NOW + timedelta(minutes=1)) >= 8
    assert len(gateway.taken) == len(set(gateway.taken)) == 8


def test_due_work_is_found_however_old(cast, submitted):
    row = owed(submitted(routed=False))
    assert queue.due_ids("route", NOW + timedelta(days=400), 100) == [row.pk]


def test_a_notice_is_sent_once_in_the_language_of_its_reader(cast, submitted, settings):
    cast.citizen.email, cast.citizen.language = "citizen@example.org", "en"
    cast.citizen.email_notices = cast.citizen.sms_notices = True
    cast.citizen.save()
    case = submitted()
    notice = Notification.objects.get(event__transaction=case)
    row = Outbox.objects.get(kind="notify", subject=notice.pk)
    assert queue.process_row(row.pk, NOW) is True
    # The same message delivered twice, and a row that is run again, send nothing more.
    Outbox.objects.filter(pk=row.pk).update(state="owed")
    assert queue.process_row(row.pk, NOW) is True
    assert len(mail.outbox) == 1
    assert case.reference in mail.outbox[0].body
    assert mail.outbox[0].extra_headers["Message-ID"].startswith(f"<notice-{notice.pk}-")
    assert "Jeddah Municipality" in mail.outbox[0].body
    assert Delivery.objects.filter(notification=notice).count() == 2
    assert len(list(settings.SMS_DIR.iterdir())) == 1


def test_a_slow_worker_that_lost_its_lease_changes_nothing(cast, submitted):
    case = submitted(routed=False)
    row = owed(case)
    written = []

    def meanwhile(execute, sql, *more):
        """Before this one's first event is written another worker takes the row over."""
        if 'INSERT INTO "transactions_event"' in sql and not written:
            written.append(sql)
            Outbox.objects.filter(pk=row.pk).update(attempts=7)
        return execute(sql, *more)

    with connection.execute_wrapper(meanwhile):
        assert queue.process_row(row.pk, NOW) is False
    assert written
    case.refresh_from_db()
    assert case.status == "submitted"


def test_a_heartbeat_is_one_row(cast):
    beat(NOW)
    beat(NOW + timedelta(seconds=10))
    from transactions.models import Heartbeat

    assert list(Heartbeat.objects.values_list("name", "at")) == [("worker", NOW + timedelta(seconds=10))]


def test_a_channel_that_fails_does_not_send_the_other_again(cast, submitted, settings):
    cast.citizen.email, cast.citizen.sms_notices, cast.citizen.email_notices = "citizen@example.org", True, True
    cast.citizen.save()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9  # nobody listens there
    row = Outbox.objects.get(kind="notify", subject=Notification.objects.get(event__transaction=submitted()).pk)
    now = NOW
    for _ in range(3):
        assert queue.process_row(row.pk, now) is False
        row.refresh_from_db()
        assert (row.state, "ConnectionRefusedError" in row.last_error) == ("owed", True)
        now = row.not_before + timedelta(seconds=1)
    assert len(list(settings.SMS_DIR.iterdir())) == 1
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert queue.process_row(row.pk, now) is True
    assert (len(list(settings.SMS_DIR.iterdir())), len(mail.outbox)) == (1, 1)
