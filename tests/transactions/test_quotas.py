"""What one person may ask for in an hour, and that offices and counters are not stopped by it."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from unittest.mock import Mock

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts import sms
from accounts.models import User
from transactions import quotas
from transactions.attachments import services as attachments
from transactions.domain import service_types
from transactions.incidents import memory
from transactions.intake import drafts
from transactions.maintenance.health import read_health
from transactions.models import (
    Attachment,
    Delivery,
    Draft,
    FailedAttempt,
    GateSwitch,
    Notification,
    Outbox,
    Transaction,
)
from transactions.outbox import queue

from ..conftest import NOW, answers_today, files_for, pdf, upload, work_off

pytestmark = pytest.mark.django_db
ELECTRICITY = "electricity-connection"


def begin(by, now=NOW):
    """A draft in which something lies, so that the next one is another."""
    draft = drafts.start_draft(service_types.get(ELECTRICITY), by=by, now=now)
    Draft.objects.filter(pk=draft.pk).update(answers={"street": "x"})
    return draft


def test_drafts_end_for_the_hour_thrown_away_or_not(cast, settings):
    settings.QUOTA_DRAFTS = 3
    for _ in range(3):
        begin(cast.citizen).delete()
    with pytest.raises(quotas.OverQuota) as caught:
        begin(cast.citizen)
    assert "11:00" in str(caught.value.message)
    assert caught.value.wait == 3600
    assert begin(cast.other_citizen)
    assert begin(cast.citizen, NOW + timedelta(hours=1))


def test_requests_end_for_the_hour_and_a_repeated_key_still_gives_its_receipt(cast, settings, submitted):
    settings.QUOTA_REQUESTS = 2
    for _ in range(2):
        submitted()
    with pytest.raises(quotas.OverQuota):
        submitted()
    assert Transaction.objects.count() == 2
    assert submitted(by=cast.other_citizen)
    assert submitted(now=NOW + timedelta(hours=1))


def test_bytes_count_though_the_files_are_taken_out_again(cast, settings):
    settings.QUOTA_UPLOAD_MB = 3
    draft = begin(cast.citizen)

    def add(number):
        file = attachments.attach_to_draft(
            draft, "id_copy", upload(content=pdf(1_000_000 + number)), by=cast.citizen, now=NOW
        )
        attachments.remove(file, by=cast.citizen, now=NOW)

    for number in range(3):
        add(number)
    with pytest.raises(quotas.OverQuota):
        add(4)
    assert Attachment.objects.count() == 3


def test_an_engineering_office_has_ten_times_as_much_and_staff_no_limit(cast, settings):
    settings.QUOTA_DRAFTS = 2
    for number in range(20):
        quotas.spend_quota("drafts", cast.engineer, NOW, 1)
        quotas.spend_quota("drafts", cast.clerk, NOW, 1 + number)
    with pytest.raises(quotas.OverQuota):
        quotas.spend_quota("drafts", cast.engineer, NOW)
    quotas.spend_quota("drafts", cast.clerk, NOW, 10_000)


@pytest.mark.parametrize("most", [1, 7])
def test_a_refusal_counts_nothing_and_none_is_no_limit(cast, settings, most):
    settings.QUOTA_REQUESTS = most
    for _ in range(most + 5):
        try:
            quotas.spend_quota("requests", cast.citizen, NOW)
        except quotas.OverQuota:
            continue
    assert FailedAttempt.objects.get().count == most
    settings.QUOTA_REQUESTS = 0
    quotas.spend_quota("requests", cast.citizen, NOW, 1000)


def test_the_page_says_so_in_words_and_the_api_when_to_try_again(cast, settings, signed_in):
    settings.QUOTA_DRAFTS = 1
    client: Client = signed_in(cast.citizen)
    client.post(f"/apply/{ELECTRICITY}/")
    Draft.objects.update(answers={"street": "x"})
    client.cookies["language"] = "en"
    page = client.post(f"/apply/{ELECTRICITY}/", follow=True)
    assert "You have started many requests this hour." in page.content.decode()
    assert Draft.objects.count() == 1
    settings.QUOTA_REQUESTS = 1
    quotas.spend_quota("requests", cast.citizen, timezone.now())
    body = {"service": ELECTRICITY, "answers": answers_today(ELECTRICITY)}
    service = service_types.get(ELECTRICITY)
    body["attachments"] = {
        code: [str(key) for key in keys] for code, keys in files_for(service, body["answers"], cast.citizen).items()
    }
    answer = client.post("/api/v1/transactions/", body, "application/json", headers={"idempotency-key": "over-quota-1"})
    assert (answer.status_code, answer.json()["code"]) == (429, "over_quota"), answer.json()
    assert 0 < int(answer["Retry-After"]) <= 3600


def test_sms_beyond_the_share_of_a_mobile_wait_for_the_next_hour_and_none_is_lost(cast, submitted, settings):
    settings.QUOTA_SMS_PHONE = 3
    for _ in range(5):
        submitted()
    submitted(by=cast.other_citizen)
    work_off(NOW)
    assert sent_to(cast.citizen) == 3
    assert sent_to(cast.other_citizen) == 1
    assert read_health(NOW).silent["sms_over_quota"] == 2
    assert read_health(NOW).silent["keeps_failing"] == 0
    assert Notification.objects.filter(recipient=cast.citizen).count() == 5
    work_off(NOW + timedelta(minutes=59))
    assert sent_to(cast.citizen) == 3
    work_off(NOW + timedelta(hours=1))
    assert sent_to(cast.citizen) == 5
    assert read_health(NOW).silent["sms_over_quota"] == 0
    assert not Outbox.objects.exclude(state="done").filter(kind="notify").exists()


def test_sms_beyond_the_share_of_all_wait_but_mail_goes(cast, submitted, settings):
    settings.QUOTA_SMS = 2
    User.objects.filter(pk=cast.other_citizen.pk).update(email="a@example.org", email_notices=True)
    for _ in range(2):
        submitted()
    submitted(by=User.objects.get(pk=cast.other_citizen.pk))
    work_off(NOW)
    assert (sent_to(cast.citizen), sent_to(cast.other_citizen)) == (2, 0)
    assert Delivery.objects.filter(notification__recipient=cast.other_citizen, channel="email").count() == 1
    work_off(NOW + timedelta(hours=1))
    assert sent_to(cast.other_citizen) == 1
    assert Delivery.objects.filter(notification__recipient=cast.other_citizen, channel="email").count() == 1


def sent_to(person) -> int:
    return Delivery.objects.filter(notification__recipient=person, channel="sms").count()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("share", [{"QUOTA_SMS": 2}, {"QUOTA_SMS_PHONE": 2}], ids=str)
def test_no_crowd_of_workers_passes_the_share(cast, submitted, settings, monkeypatch, share):
    """Each is on its way to a slow gateway while the others ask whether they may."""
    for name, most in share.items():
        setattr(settings, name, most)
    for _ in range(5):
        submitted()
    gone: list[str] = []
    monkeypatch.setattr(sms, "send_sms", lambda phone, text, *, key="": (gone.append(key), time.sleep(0.2), "")[-1])
    waiting = list(Outbox.objects.filter(kind="notify").values_list("pk", flat=True))

    def worker(row):
        try:
            queue.process_row(row, NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(waiting)) as crowd:
        list(crowd.map(worker, waiting))
    work_off(NOW)
    assert len(gone) == sent_to(cast.citizen) == 2
    work_off(NOW + timedelta(hours=1))
    work_off(NOW + timedelta(hours=2))
    assert sent_to(cast.citizen) == len(set(gone)) == 5


def test_a_share_that_a_gateway_did_not_take_is_not_used_up(cast, submitted, settings, monkeypatch):
    settings.QUOTA_SMS_PHONE = 1
    submitted()
    with monkeypatch.context() as broken:
        broken.setattr(sms, "send_sms", Mock(side_effect=OSError("no gateway")))
        work_off(NOW)
    assert not FailedAttempt.objects.filter(bucket__startswith="quota:sms").exists()
    work_off(NOW + timedelta(minutes=5))
    assert sent_to(cast.citizen) == 1


def test_notices_that_wait_for_a_gate_are_not_called_over_their_limit(cast, submitted):
    gate = GateSwitch(operation="messages", state="dark", at=NOW, set_by=cast.administrator)
    gate.save()
    memory.forget()
    submitted()
    work_off()
    assert Outbox.objects.filter(kind="notify", last_error__startswith="Postponed: gate").exists()
    assert read_health(NOW).silent["sms_over_quota"] == 0
