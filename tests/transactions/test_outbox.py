"""Work owed is done once, whatever dies."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection

from transactions import outbox
from transactions.models import Delivery, Notification, Outbox, Transaction
from transactions.services.heartbeat import beat

from ..conftest import NOW, work_off

pytestmark = pytest.mark.django_db


def owed(case) -> Outbox:
    return Outbox.objects.get(kind="route", subject=case.pk)


def test_a_row_is_claimed_by_one(cast, submitted):
    case = submitted(routed=False)
    row = owed(case)
    assert outbox.run(row.pk, NOW) is True
    assert outbox.run(row.pk, NOW) is False
    case.refresh_from_db()
    assert (case.status, case.events.filter(move="route").count()) == ("incoming", 1)


def test_a_worker_that_died_after_claiming_is_followed_by_another(cast, submitted):
    case = submitted(routed=False)
    row = owed(case)
    Outbox.objects.filter(pk=row.pk).update(state="claimed", lease_until=NOW + outbox.LEASE, attempts=1)
    assert outbox.run(row.pk, NOW) is False
    later = NOW + outbox.LEASE + timedelta(seconds=1)
    assert outbox.due("route", later, 10) == [row.pk]
    assert outbox.run(row.pk, later) is True
    row.refresh_from_db()
    assert (row.state, row.attempts) == ("done", 2)


def test_failing_work_is_tried_later_and_then_dead_and_blocks_nothing(cast, submitted):
    case, other = submitted(routed=False), submitted(routed=False)
    row = owed(case)
    Transaction.objects.filter(pk=case.pk).update(service="no-such")
    now = NOW
    for attempt in range(1, outbox.MOST_ATTEMPTS + 1):
        assert outbox.run(row.pk, now) is False
        row.refresh_from_db()
        assert row.attempts == attempt
        now = row.not_before + timedelta(seconds=1)
    assert (row.state, "no-such" in row.last_error) == ("dead", True)
    assert work_off(now) >= 1
    other.refresh_from_db()
    assert other.status == "incoming"
    Transaction.objects.filter(pk=case.pk).update(service=case.service)
    outbox.revive(row, now)
    assert outbox.run(row.pk, now) is True


def test_due_work_is_found_however_old(cast, submitted):
    row = owed(submitted(routed=False))
    assert outbox.due("route", NOW + timedelta(days=400), 100) == [row.pk]


def test_a_notice_is_sent_once_in_the_language_of_its_reader(cast, submitted, settings):
    cast.citizen.email, cast.citizen.language = "citizen@example.org", "en"
    cast.citizen.email_notices = cast.citizen.sms_notices = True
    cast.citizen.save()
    case = submitted(routed=False)
    notice = Notification.objects.get(event__transaction=case)
    row = Outbox.objects.get(kind="notify", subject=notice.pk)
    assert outbox.run(row.pk, NOW) is True
    # The same message delivered twice, and a row that is run again, send nothing more.
    Outbox.objects.filter(pk=row.pk).update(state="owed")
    assert outbox.run(row.pk, NOW) is True
    assert len(mail.outbox) == 1
    assert case.reference in mail.outbox[0].body
    assert mail.outbox[0].extra_headers["Message-ID"].startswith(f"<notice-{notice.pk}@")
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
        assert outbox.run(row.pk, NOW) is False
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
    row = Outbox.objects.get(
        kind="notify", subject=Notification.objects.get(event__transaction=submitted(routed=False)).pk
    )
    now = NOW
    for _ in range(3):
        assert outbox.run(row.pk, now) is False
        row.refresh_from_db()
        assert (row.state, "ConnectionRefusedError" in row.last_error) == ("owed", True)
        now = row.not_before + timedelta(seconds=1)
    assert len(list(settings.SMS_DIR.iterdir())) == 1
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert outbox.run(row.pk, now) is True
    assert (len(list(settings.SMS_DIR.iterdir())), len(mail.outbox)) == (1, 1)
