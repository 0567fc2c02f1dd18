"""What is ended is ended at once and everywhere: posts, memberships, licences, authorisations, PINs."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from knox.models import AuthToken

from accounts import services as people
from accounts.access import engineering_offices_of, office_members_of, staff_posts_of
from accounts.models import EngineeringOffice, OfficeMembership, StaffPost, User
from municipality.models import Office
from transactions import access
from transactions.attachments import services as attachments
from transactions.domain import pins, service_types
from transactions.domain.errors import DomainError, NotVisible
from transactions.inquiry import services as inquiry
from transactions.inquiry.pin import pin_for, renew_pin
from transactions.intake import drafts
from transactions.models import Channel, Delivery, Notification
from transactions.transitions import moves

from ..conftest import NOW, drive, upload, work_off

pytestmark = pytest.mark.django_db
HERE = {"address": "10.9.9.9"}


def licence_ends(cast):
    EngineeringOffice.objects.filter(pk=cast.office.pk).update(licence_expires_on=NOW.date() - DAY)


def office_stops(cast):
    EngineeringOffice.objects.filter(pk=cast.office.pk).update(active=False)


def membership_ends(cast):
    row = OfficeMembership.objects.get(user=cast.engineer)
    row.ends_on = timezone.localdate()
    row.save()


def authorisation_ends(cast):
    for given in cast.citizen.authorisations.all():
        people.revoke_authorisation(given, by=cast.citizen)


DAY = timedelta(days=1)
ENDS = [licence_ends, office_stops, membership_ends, authorisation_ends]


@pytest.mark.parametrize("end", ENDS)
def test_an_engineer_whose_right_has_ended_reads_and_does_nothing(end, cast, submitted, signed_in):
    case = submitted("building-permit")
    given = case.authorisation
    draft = drafts.start_draft(case.service_type, by=cast.engineer, authorisation=given)
    page, token = signed_in(cast.engineer), AuthToken.objects.create(cast.engineer)[1]
    headers = {"Authorization": f"Token {token}"}
    places = [
        reverse("transactions:request", args=[case.reference]),
        reverse("transactions:receipt", args=[case.reference]),
        reverse("transactions:draft", args=[draft.key]),
        reverse("transactions:file", args=[case.attachments.first().key]),
    ]
    api = f"/api/v1/transactions/{case.reference}/"
    secret = pin_for(case, cast.engineer)
    assert [page.get(place).status_code for place in places] == [200] * len(places)
    assert page.get(api, headers=headers).status_code == 200
    assert inquiry.find_by_pin(case.reference, secret, **HERE).pk == case.pk
    assert case.reference in page.get(reverse("transactions:notices")).content.decode()
    end(cast)
    assert {page.get(place).status_code for place in places} == {404}
    assert page.get(api, headers=headers).status_code == 404
    assert page.get("/api/v1/transactions/", headers=headers).json() == []
    with pytest.raises(NotVisible):
        inquiry.find_by_pin(case.reference, secret, **HERE)
    assert inquiry.find_by_pin(case.reference, pins.derive_pin(case.reference), **HERE).pk == case.pk, (
        "the owner's goes on"
    )
    assert case.reference not in page.get(reverse("transactions:notices")).content.decode()
    fresh = User.objects.get(pk=cast.engineer.pk)
    with pytest.raises(DomainError):
        moves.answer(case, answers={}, by=fresh, now=NOW)
    assert access.authorisation_has_ended(type(draft).objects.get(pk=draft.pk)) or end is membership_ends


@pytest.mark.parametrize("end", ENDS)
def test_what_was_still_to_be_sent_to_them_is_not_sent(end, cast, submitted):
    case = submitted("building-permit")
    waiting = Notification.objects.filter(event__transaction=case)
    assert {notice.recipient for notice in waiting} == {cast.citizen, cast.engineer}
    end(cast)
    work_off(NOW + DAY)
    told = {delivery.notification.recipient for delivery in Delivery.objects.filter(notification__in=waiting)}
    assert told == {cast.citizen}
    before = set(waiting.values_list("pk", flat=True))
    drive(case, cast, "under_admin_audit")
    later = Notification.objects.filter(event__transaction=case).exclude(pk__in=before)
    assert {notice.recipient for notice in later} == {cast.citizen}


def test_an_office_is_told_that_its_authorisation_was_revoked(cast, submitted):
    submitted("building-permit")
    authorisation_ends(cast)
    work_off(timezone.now())
    last = Notification.objects.filter(recipient=cast.engineer).first()
    assert last.authorisation_event.kind == "revoked"
    assert last.deliveries.exists()


@pytest.mark.parametrize(("days", "holds"), [(-1, False), (0, False), (1, True), (None, True)])
def test_a_last_day_to_come_is_a_plan_and_one_of_today_an_end(cast, days, holds):
    today = timezone.localdate()
    post = StaffPost.objects.get(user=cast.reviewer)
    post.ends_on = None if days is None else today + days * DAY
    post.save(update_fields=["ends_on"])
    assert bool(staff_posts_of(User.objects.get(pk=cast.reviewer.pk))) is holds
    assert StaffPost.objects.current(today).filter(user=cast.reviewer).exists() is holds
    post.ends_on = None
    post.save()
    assert staff_posts_of(User.objects.get(pk=cast.reviewer.pk)), "taken back"


def test_a_planned_last_day_holds_to_its_end(cast):
    today = timezone.localdate()
    StaffPost.objects.filter(user=cast.reviewer).update(ends_on=today)
    assert staff_posts_of(User.objects.get(pk=cast.reviewer.pk), today)
    assert not staff_posts_of(User.objects.get(pk=cast.reviewer.pk), today + DAY)


def test_members_and_offices_agree_on_who_may_act(cast):
    today = timezone.localdate()
    assert office_members_of(cast.office.pk, today) == [cast.engineer]
    for end in (licence_ends, membership_ends):
        end(cast)
        assert office_members_of(cast.office.pk, today) == []
        assert engineering_offices_of(User.objects.get(pk=cast.engineer.pk)) == []


def test_a_clerk_who_left_the_counter_prints_no_receipt(cast, submitted, signed_in):
    case = submitted(centre=Office.objects.get(code="SC01"), channel=Channel.COUNTER)
    receipt = reverse("transactions:receipt", args=[case.reference])
    page = signed_in(cast.clerk)
    assert page.get(receipt).status_code == 200
    post = StaffPost.objects.get(user=cast.clerk)
    post.ends_on = timezone.localdate()
    post.save()
    assert page.get(receipt).status_code == 404


def test_the_owner_renews_the_pin_and_the_one_before_ends(cast, submitted, signed_in):
    case = submitted("building-permit")
    before, of_engineer = pins.derive_pin(case.reference), pin_for(case, cast.engineer)
    mine, receipt = signed_in(cast.citizen), reverse("transactions:receipt", args=[case.reference])
    renew = reverse("transactions:renew_pin", args=[case.reference])
    for other in (cast.engineer, cast.other_citizen, cast.reviewer):
        signed_in(other).post(renew, {"serial": "0"})
    assert renew not in signed_in(cast.engineer).get(receipt).content.decode()
    case.refresh_from_db()
    assert case.pin_serial == 0
    for _press in range(2):
        assert mine.post(renew, {"serial": "0"}).url == receipt
    case.refresh_from_db()
    assert case.pin_serial == 1
    after = pin_for(case, cast.citizen)
    html = mine.get(receipt).content.decode()
    assert (pins.format_pin(after) in html, pins.format_pin(before) in html) == (True, False)
    assert inquiry.find_by_pin(case.reference, after, **HERE).pk == case.pk
    assert inquiry.find_by_pin(case.reference, of_engineer, **HERE).pk == case.pk
    with pytest.raises(NotVisible):
        inquiry.find_by_pin(case.reference, before, **HERE)
    renew_pin(case, serial=1, by=cast.citizen)
    with pytest.raises(NotVisible):
        inquiry.find_by_pin(case.reference, after, **HERE)


def test_pins_of_owner_members_and_renewals_are_all_different(cast, submitted):
    reference = submitted("building-permit").reference
    made = [pins.derive_pin(reference, serial) for serial in range(20)]
    made += [pins.derive_pin(reference, member=(given, person)) for given in range(1, 6) for person in range(1, 6)]
    assert len(set(made)) == len(made)


def test_withdrawing_needs_the_owner(cast, submitted, signed_in):
    case = submitted("building-permit")
    page = reverse("transactions:withdraw", args=[case.reference])
    with pytest.raises(DomainError) as refused:
        moves.withdraw(case, by=cast.engineer, now=NOW)
    assert refused.value.code == "move_not_allowed"
    assert (
        page
        not in signed_in(cast.engineer).get(reverse("transactions:request", args=[case.reference])).content.decode()
    )
    assert signed_in(cast.engineer).post(page, {"reason": "x"}).status_code == 302
    token = AuthToken.objects.create(cast.engineer)[1]
    asked = signed_in(cast.engineer).post(
        f"/api/v1/transactions/{case.reference}/moves/",
        {"move": "withdraw", "version": case.version},
        headers={"Authorization": f"Token {token}"},
        content_type="application/json",
    )
    assert asked.status_code == 409
    case.refresh_from_db()
    assert case.status == "incoming"
    assert moves.withdraw(case, by=cast.citizen, now=NOW).status == "withdrawn"


def test_drafts_of_a_counter_are_read_no_more_by_who_left_it(cast, signed_in):
    """By page, file and API, from the day the post ends; also with another post or at another counter."""
    centre = Office.objects.get(code="SC01")
    service = service_types.get("electricity-connection")
    draft = drafts.start_draft(service, by=cast.clerk, applicant=cast.citizen, centre=centre)
    file = attachments.attach_to_draft(draft, "id_copy", upload(), by=cast.clerk)
    urls = [
        reverse("staff:intake", args=[draft.key]),
        reverse("transactions:file", args=[file.key]),
        f"/api/v1/attachments/{file.key}/",
    ]
    assert [signed_in(cast.clerk).get(url).status_code for url in urls] == [200, 200, 200]
    post = StaffPost.objects.get(user=cast.clerk)
    post.ends_on = timezone.localdate()
    post.save()
    other = Office.objects.filter(kind="service_centre").exclude(pk=centre.pk).first()
    for elsewhere in (None, (other, "centre_clerk"), (Office.objects.get(code="SHR"), "reviewer")):
        if elsewhere:
            people.create_staff_post(User.objects.get(pk=cast.clerk.pk), *elsewhere, on=NOW.date())
        clerk = signed_in(User.objects.get(pk=cast.clerk.pk))
        assert {clerk.get(url).status_code for url in urls} <= {302, 403, 404}
