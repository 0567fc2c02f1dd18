"""Whoever an incident touches is told once of each notice, whatever is repeated, refused, hangs or comes back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.utils import translation

from accounts import sms
from accounts.models import User
from transactions import access
from transactions.domain import service_types
from transactions.intake import drafts
from transactions.models import Delivery, Draft, IncidentNotice, Notification, Transaction
from transactions.notifications import incident_notices as telling
from transactions.notifications.messages import write_message
from transactions.notifications.notices import count_unread
from transactions.outbox import queue

from ..conftest import NOW, drive, national_id, work_off
from ..portal.world import an_incident

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def an_announced(cast, **said):
    notice = an_incident(NOW, by=cast.administrator)
    facts = {"services": [], "offices": [], "operations": [], "next_update_at": NOW + DAY} | said
    for name, value in facts.items():
        setattr(notice, name, value)
    return notice


@pytest.fixture
def notice(cast, submitted, monkeypatch):
    """An incident of the whole portal; the row itself may not be changed, so the reading of it is."""

    def make(**said):
        found = an_announced(cast, **said)
        monkeypatch.setattr(IncidentNotice.objects, "get", lambda pk: found)
        return found

    return make


def a_person(number):
    return User.objects.create_user(national_id(number), full_name=f"p{number}", phone=f"+966500000{number}")


def people_of(notice):
    return set(telling.affected(notice, NOW))


def test_those_with_requests_drafts_or_authorisations_are_told_and_the_offices_that_file(cast, submitted, notice):
    drive(submitted("building-permit"), cast, "under_study")
    drafts.start_draft(service_types.get("land-subdivision"), by=cast.other_citizen, now=NOW)
    everywhere = notice()
    assert {cast.citizen, cast.engineer, cast.other_citizen} <= people_of(everywhere)
    assert not {cast.reviewer, cast.supervisor, cast.other_engineer} & people_of(everywhere)


def test_only_those_within_its_scope(cast, submitted, notice):
    case = drive(submitted("building-permit"), cast, "under_study")
    assert cast.engineer in people_of(notice(services=["building-permit"]))
    assert cast.engineer in people_of(notice(offices=[case.held_by.code]))
    assert people_of(notice(services=["electricity-connection"])) == set()
    assert people_of(notice(offices=["SC09"])) == set()


def test_a_person_with_many_requests_is_told_once(cast, submitted, notice):
    for _ in range(3):
        submitted()
    said = notice()
    telling.tell_people(said.pk, NOW)
    telling.tell_people(said.pk, NOW)
    rows = Notification.objects.filter(incident_notice=said)
    assert rows.filter(recipient=cast.citizen).count() == 1
    with pytest.raises(IntegrityError), transaction.atomic():
        Notification.objects.create(incident_notice=said, recipient=cast.citizen, created_at=NOW)


def test_each_is_told_how_many_of_their_requests_it_touches(cast, submitted, notice):
    """The owner's own, and for each member of an engineering office those it files; none of other offices."""
    for _ in range(2):
        drive(submitted("building-permit"), cast, "under_study")
    by_hand = submitted("electricity-connection")
    said = notice()
    telling.tell_people(said.pk, NOW)
    counts = {row.recipient: row.touched for row in Notification.objects.filter(incident_notice=said)}
    filed = Transaction.objects.open().filter(authorisation__office__memberships__user=cast.engineer).count()
    assert filed == 2
    assert counts[cast.engineer] == filed
    assert counts[cast.citizen] == Transaction.objects.open().filter(applicant=cast.citizen).count()
    assert by_hand.applicant == cast.citizen
    engineers = Notification.objects.select_related("incident_notice").get(
        incident_notice=said, recipient=cast.engineer
    )
    for language, words in (("en", "affects: 2."), ("ar", "المتأثرة: 2.")):
        with translation.override(language):
            engineers.incident_notice = said
            assert write_message(engineers).text.endswith(words)
    narrow = notice(services=["electricity-connection"])
    assert telling.touched_of(narrow, [cast.citizen, cast.engineer], NOW) == {cast.citizen.pk: 1, cast.engineer.pk: 0}


def test_many_people_are_told_in_pieces(cast, submitted, notice, monkeypatch):
    monkeypatch.setattr(telling, "BATCH", 2)
    for number in range(5):
        person = a_person(700 + number)
        drafts.start_draft(service_types.get("electricity-connection"), by=person, now=NOW)
    said = notice()
    telling.tell_people(said.pk, NOW)
    for _ in range(10):
        for pk in queue.due_ids("tell", NOW, 10):
            queue.process_row(pk, NOW)
    assert Notification.objects.filter(incident_notice=said).count() == len(people_of(said))


def test_the_counts_add_up_when_a_gateway_refuses_hangs_and_comes_back_after_a_week(
    cast, submitted, notice, monkeypatch, settings
):
    people = []
    for number in range(30):
        person = a_person(800 + number)
        drafts.start_draft(service_types.get("electricity-connection"), by=person, now=NOW)
        people.append(person)
    nobody = User.objects.create_user(national_id(899), full_name="n", phone="+966500000899")
    User.objects.filter(pk=nobody.pk).update(phone="", email="")
    drafts.start_draft(service_types.get("electricity-connection"), by=nobody, now=NOW)
    went: list[str] = []
    calls = 0

    def gateway(phone, text, *, key):
        """A tenth is refused for good, others hang; what was given out twice is seen by its key."""
        nonlocal calls
        calls += 1
        if phone.endswith("0"):
            raise sms.MessageRefused("no such subscriber")
        if calls % 3 == 0:
            raise TimeoutError("the gateway hangs")
        went.append(key)

    monkeypatch.setattr(sms, "send_sms", gateway)
    said = notice()
    telling.tell_people(said.pk, NOW)
    for hours in (0, 1, 2, 5, 24 * 7, 24 * 7 + 1, 24 * 7 + 2, 24 * 7 + 3, 24 * 7 + 4):
        for _ in range(5):
            work_off(NOW + timedelta(hours=hours))
    count = telling.counted(said)
    assert count.owed == len(people_of(said))
    assert count.sent + count.waiting + count.failed + count.unreachable == count.owed
    assert (count.waiting, count.failed) == (0, 3)
    assert count.unreachable >= 1
    assert len(went) == len(set(went)) == count.sent


def test_the_words_say_what_and_when_more_is_told_in_both_languages(cast, submitted, notice):
    submitted()
    said = notice()
    telling.tell_people(said.pk, NOW)
    row = Notification.objects.get(incident_notice=said, recipient=cast.citizen)
    text = write_message(row).text
    assert said.text_ar in text
    assert "التحديث القادم" in text
    assert Delivery.objects.count() == len(mail.outbox) == 0
    assert Draft.objects.count() == 0


def test_it_stands_among_the_notices_of_the_portal_and_of_the_api(cast, submitted, notice, signed_in):
    submitted()
    said = notice()
    telling.tell_people(said.pk, NOW)
    page = signed_in(cast.citizen)
    assert said.text_ar in page.get("/notices/").content.decode()
    titles = [row["text"] for row in page.get("/api/v1/notices/").json()]
    assert any(said.text_ar in text for text in titles)


def test_it_is_counted_among_what_is_new(cast, submitted):
    submitted(routed=False)
    before = count_unread(cast.citizen, access.own_requests(cast.citizen), most=100)
    Notification.objects.create(recipient=cast.citizen, incident_notice=an_announced(cast), created_at=NOW)
    assert count_unread(cast.citizen, access.own_requests(cast.citizen), most=100) == before + 1
