"""Announcements by e-mail without an account: confirmed by who reads the mail, sent once each, ended by one press."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from transactions.maintenance.cleanup import clean_up
from transactions.models import Outbox, StatusMessage, StatusSubscription
from transactions.notifications import subscriptions

from ..conftest import NOW, work_off
from ..portal.world import an_incident

pytestmark = pytest.mark.django_db
PAGE = "/status/subscribe/"


def asked(client, email="reader@example.org"):
    return client.post(PAGE, {"email": email})


def link_in(message):
    return re.search(r"http\S+(/status/subscription/\S+/)", message.body)[1]


@pytest.fixture
def link(client):
    """The link of an address that was just asked about."""
    asked(client)
    work_off()
    return link_in(mail.outbox.pop())


@pytest.fixture
def subscriber(client, link):
    client.post(link, {"confirm": ""})
    return StatusSubscription.objects.get()


def announced(cast):
    notice = an_incident(NOW, by=cast.administrator)
    subscriptions.tell_subscribers(notice.pk, NOW)
    work_off()
    return notice


def test_nothing_but_one_link_goes_to_an_address_nobody_confirmed(client, cast, link):
    assert client.get(link).status_code == 200  # a program that opens links
    announced(cast)
    assert mail.outbox == []
    assert StatusSubscription.objects.get().confirmed_at is None


def test_each_notice_goes_to_each_subscriber_once_whatever_is_repeated(client, cast, subscriber):
    notice = announced(cast)
    for _again in range(2):
        subscriptions.tell_subscribers(notice.pk, NOW)
        for message in StatusMessage.objects.all():
            subscriptions.send_message(message.pk, NOW)
        work_off()
    (sent,) = mail.outbox
    assert sent.to == ["reader@example.org"]
    assert notice.text in sent.body
    assert sent.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert link_in(sent) in sent.extra_headers["List-Unsubscribe"]
    assert subscriptions.counted(notice) == (1, 1)


def test_one_press_ends_it_also_from_the_mailbox_itself(cast, subscriber):
    announced(cast)
    link = link_in(mail.outbox.pop())
    mailbox = Client(enforce_csrf_checks=True)
    answer = mailbox.post(link, "List-Unsubscribe=One-Click", content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 200
    assert not StatusSubscription.objects.exists()
    assert mailbox.post(link, {"end": ""}).status_code == 410
    announced(cast)
    assert mail.outbox == []


def test_a_message_that_waits_is_not_sent_once_the_subscription_ended(cast, subscriber):
    notice = an_incident(NOW, by=cast.administrator)
    subscriptions.tell_subscribers(notice.pk, NOW)
    subscriptions.end(subscriber)
    work_off()
    assert mail.outbox == []
    assert not Outbox.objects.filter(kind=subscriptions.MESSAGE, state="dead").exists()


@pytest.mark.parametrize("spelling", ["reader@example.org", "Reader@Example.org", " reader@example.org "])
def test_who_asks_for_a_subscribed_address_learns_nothing_and_sends_nothing(client, subscriber, spelling):
    first, again = asked(client, "new@example.org"), asked(client, spelling)
    work_off()
    words = [answer.content.decode().replace(name, "") for answer, name in ((first, "new"), (again, "reader"))]
    assert [answer.status_code for answer in (first, again)] == [200, 200]
    assert re.sub(r"(?i)(new|reader)@example\.org", "", words[0]).count("notice--success") == 1
    assert [message.to for message in mail.outbox] == [["new@example.org"]]
    assert StatusSubscription.objects.filter(email__iexact="reader@example.org").count() == 1


def test_three_links_at_most_go_to_an_address_nobody_confirmed_and_the_newest_works(client):
    for _time in range(5):
        asked(client)
        work_off()
    assert len(mail.outbox) == subscriptions.MAX_LINKS
    assert client.post(link_in(mail.outbox[-1]), {"confirm": ""}).status_code == 200


def test_a_network_that_asks_for_many_is_told_to_wait(client):
    answers = [asked(client, f"reader{number}@example.org").status_code for number in range(12)]
    assert answers == [200] * 10 + [429] * 2
    assert StatusSubscription.objects.count() == 10


@pytest.mark.parametrize(
    "email", ["", "reader", "a@b", "reader@example.org\nBcc: all@example.org", "x" * 300 + "@a.sa"]
)
def test_what_is_no_address_is_said_beside_the_box(client, email):
    answer = asked(client, email)
    assert answer.status_code == 422
    assert not StatusSubscription.objects.exists()


@pytest.mark.parametrize("change", ["x{}", "{}x", "1{}"])
def test_a_link_that_was_changed_is_none(client, link, change):
    token = link.strip("/").rpartition("/")[2]
    wrong = reverse("transactions:subscription", args=[change.format(token)])
    assert client.post(wrong, {"confirm": ""}).status_code == 410
    assert StatusSubscription.objects.get().confirmed_at is None


def test_what_nobody_confirmed_is_deleted_and_what_was_confirmed_stays(client, subscriber, settings):
    asked(client, "other@example.org")
    later = StatusSubscription.objects.get(confirmed_at=None).requested_at + timedelta(
        days=settings.EMAIL_LINK_DAYS, seconds=1
    )
    clean_up(later)
    assert StatusSubscription.objects.get() == subscriber


def test_the_status_page_says_what_is_affected_and_calls_nothing_working_without_a_probe(client, cast):
    notice = an_incident(NOW, by=cast.administrator)
    page = client.get("/status/")
    assert page.status_code == 200
    assert notice.text in page.content.decode()
    assert "state--open" not in page.content.decode()
    assert PAGE in page.content.decode()
