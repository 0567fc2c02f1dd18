"""What the staff are told: each thing once, of what they may see when they read it, by mail as they want it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail
from django.urls import reverse

from accounts import absences, four_eyes, leaving
from accounts.models import StaffPost, User
from transactions.maintenance import schedule
from transactions.models import StaffMail, StaffNotice, Transaction
from transactions.transitions import moves, notes, staff_notices
from transactions.transitions.moves import RequestedCompletion

from ..conftest import NOW, drive, work_off

pytestmark = pytest.mark.django_db
PAGE = "/staff/notices/"
HOUR = timedelta(hours=1)


@pytest.fixture
def studied(cast, submitted, stopped_clock):
    return drive(submitted(), cast, "under_study")


def told(person):
    rows = StaffNotice.objects.filter(recipient=person).order_by("pk")
    return list(rows.values_list("kind", "transaction"))


def post_of(user):
    return StaffPost.objects.get(user=user)


def wants(user, how, email="staff@example.sa"):
    User.objects.filter(pk=user.pk).update(email=email)
    staff_notices.choose_mail(user, how)


def assigned(cast, case):
    return moves.reassign(case, to=cast.reviewer, by=cast.supervisor, now=NOW)


# -- what is told to whom --------------------------------------------------------------------------------------


def test_an_assignment_is_told_to_whom_it_was_made_and_not_to_who_made_it(cast, studied):
    assigned(cast, studied)
    assert told(cast.reviewer) == [("assigned", studied.pk)]
    assert not StaffNotice.objects.exclude(recipient=cast.reviewer).exists()
    moves.take(studied, by=cast.second_reviewer, now=NOW)
    assert told(cast.second_reviewer) == [], "they know what they took"


def test_an_answer_is_told_to_whoever_has_the_case_and_who_stands_in(cast, studied, stopped_clock):
    case = moves.take(studied, by=cast.reviewer, now=NOW)
    asked = RequestedCompletion(case.service_type.deficiencies[0].code)
    case = moves.return_for_completion(case, deficiencies=[asked], by=cast.reviewer, now=NOW + HOUR)
    day = stopped_clock.date()
    absences.enter_absence(
        cast.reviewer, {post_of(cast.reviewer): cast.second_reviewer}, starts_on=day, ends_on=day, by=cast.reviewer
    )
    waiting = case.deficiencies.get()
    moves.answer(case, answers={waiting.pk: "نعم"}, by=case.applicant, now=NOW + 2 * HOUR)
    assert told(cast.reviewer) == [("answered", case.pk)]
    assert told(cast.second_reviewer) == [("stands_in", None), ("answered", case.pk)]


def test_a_note_is_told_to_whom_it_is_meant_for_once(cast, studied):
    for _twice in range(2):
        notes.write_note(studied, text="look", by=cast.reviewer, to=cast.supervisor, now=NOW)
    notes.write_note(studied, text="for all", by=cast.reviewer, now=NOW)
    assert told(cast.supervisor) == [("noted", studied.pk)]
    assert StaffNotice.objects.count() == 1


def test_lateness_is_told_once_for_each_due_date(cast, studied):
    case = moves.take(studied, by=cast.reviewer, now=NOW)
    Transaction.objects.filter(pk=case.pk).update(stage_due_at=NOW - HOUR)
    for hours in range(3):
        staff_notices.tell_of_lateness(NOW + hours * HOUR)
    assert told(cast.reviewer) == [("late", case.pk)]
    Transaction.objects.filter(pk=case.pk).update(stage_due_at=NOW + 30 * HOUR)
    staff_notices.tell_of_lateness(NOW + 31 * HOUR)
    assert told(cast.reviewer) == [("late", case.pk)] * 2
    # What was late long before is no news, nor what nobody has.
    Transaction.objects.filter(pk=case.pk).update(stage_due_at=NOW - 90 * HOUR)
    staff_notices.tell_of_lateness(NOW)
    Transaction.objects.filter(pk=case.pk).update(stage_due_at=NOW - HOUR, assignee=None)
    staff_notices.tell_of_lateness(NOW)
    assert StaffNotice.objects.count() == 2
    assert {"staff_late", "staff_digests"} <= set(schedule.JOBS)


def test_what_somebody_left_is_told_as_handed_over(cast, studied):
    moves.take(studied, by=cast.reviewer, now=NOW)
    post = four_eyes.set_end(post_of(cast.reviewer), NOW.date(), by=cast.administrator, now=NOW)
    leaving.hand_over(cast.reviewer, [post], "spread", by=cast.administrator, now=NOW)
    work_off()
    assert told(cast.second_reviewer) == [("handed_over", studied.pk)]


def test_nobody_is_told_of_a_request_of_their_own_nor_where_they_cannot_stand_in(cast, studied, stopped_clock):
    case, day = moves.take(studied, by=cast.reviewer, now=NOW), stopped_clock.date()
    away = {post_of(cast.reviewer): cast.second_reviewer}
    absences.enter_absence(cast.reviewer, away, starts_on=day, ends_on=day, by=cast.reviewer)
    Transaction.objects.filter(pk=case.pk).update(stage_due_at=NOW - HOUR, applicant=cast.second_reviewer)
    staff_notices.tell_of_lateness(NOW)
    assert told(cast.reviewer) == [("late", case.pk)]
    assert told(cast.second_reviewer) == [("stands_in", None)]
    notes.write_note(case, text="look", by=cast.reviewer, to=cast.second_reviewer, now=NOW)
    assert [row.kind for row in staff_notices.visible_to(cast.second_reviewer)] == ["stands_in"]
    assert staff_notices.count_unread(cast.second_reviewer) == 1
    Transaction.objects.filter(pk=case.pk).update(applicant=cast.citizen)
    assert {row.kind for row in staff_notices.visible_to(cast.second_reviewer)} == {"stands_in", "noted"}


def test_a_substitute_who_had_another_duty_on_the_case_is_passed_over(cast, studied, stopped_clock):
    case, day = moves.take(studied, by=cast.reviewer, now=NOW), stopped_clock.date()
    away = {post_of(cast.reviewer): cast.second_reviewer}
    absences.enter_absence(cast.reviewer, away, starts_on=day, ends_on=day, by=cast.reviewer)
    case.events.filter(move="register").update(actor=cast.second_reviewer)
    Transaction.objects.filter(pk=case.pk).update(stage_due_at=NOW - HOUR)
    staff_notices.tell_of_lateness(NOW)
    assert told(cast.reviewer) == [("late", case.pk)]


# -- what is read ----------------------------------------------------------------------------------------------


def test_the_bell_counts_and_the_case_page_reads_what_is_about_it(cast, studied, submitted, signed_in):
    other = drive(submitted(), cast, "under_study")
    assigned(cast, studied)
    assigned(cast, other)
    page = signed_in(cast.reviewer)
    assert page.get("/staff/").context["unread_notices"] == 2
    shown = page.get(PAGE)
    assert studied.reference in shown.content.decode()
    assert page.get("/staff/").context["unread_notices"] == 2, "the list alone is not the case"
    page.get(f"/staff/cases/{studied.reference}/", headers={"Sec-Purpose": "prefetch"})
    page.head(f"/staff/cases/{studied.reference}/")
    assert page.get("/staff/").context["unread_notices"] == 2
    page.get(f"/staff/cases/{studied.reference}/")
    assert page.get("/staff/").context["unread_notices"] == 1
    page.post(reverse("staff:notices_read"))
    assert page.get(PAGE).context["unread_notices"] == 0
    assert signed_in(cast.second_reviewer).get(PAGE).context["rows"] == []


def test_a_notice_tells_nothing_of_a_case_that_has_gone_elsewhere(cast, studied, signed_in):
    assigned(cast, studied)
    StaffPost.objects.filter(user=cast.reviewer).update(office=cast.other_reviewer.posts.get().office)
    page = signed_in(cast.reviewer)
    shown = page.get(PAGE)
    assert studied.reference not in shown.content.decode()
    assert shown.context["unread_notices"] == 0
    wants(cast.reviewer, "digest")
    staff_notices.owe_digests(NOW)
    work_off()
    assert mail.outbox == []


def test_whoever_works_on_no_case_has_no_notices(cast, signed_in):
    assert signed_in(cast.administrator).get(PAGE).status_code == 404
    assert signed_in(cast.citizen).get(PAGE).status_code == 302


# -- by mail ---------------------------------------------------------------------------------------------------


def test_each_at_once_and_once(cast, studied):
    wants(cast.reviewer, "each")
    assigned(cast, studied)
    work_off()
    staff_notices.owe_digests(NOW)
    work_off()
    mine = [message for message in mail.outbox if message.to == ["staff@example.sa"]]
    assert len(mine) == 1
    said = mine[0].subject + mine[0].body
    assert PAGE in said
    assert studied.reference not in said
    assert studied.applicant.full_name not in said


def test_read_before_it_goes_it_does_not_go(cast, studied):
    wants(cast.reviewer, "each")
    assigned(cast, studied)
    staff_notices.mark_read(cast.reviewer, NOW)
    work_off()
    assert not [message for message in mail.outbox if message.to == ["staff@example.sa"]]


@pytest.mark.parametrize(("how", "mails"), [("digest", 1), ("none", 0), ("", 1)])
def test_a_digest_once_a_day_with_everything_new(how, mails, cast, studied, submitted):
    User.objects.filter(pk=cast.reviewer.pk).update(email="staff@example.sa")
    if how:
        staff_notices.choose_mail(cast.reviewer, how)
    assigned(cast, studied)
    assigned(cast, drive(submitted(), cast, "under_study"))
    for hours in range(2):
        staff_notices.owe_digests(NOW + hours * HOUR)
        work_off(NOW + hours * HOUR)
    mine = [message for message in mail.outbox if message.to == ["staff@example.sa"]]
    assert len(mine) == mails
    assert all("2" in message.body for message in mine)


@pytest.mark.parametrize("how", ["each", "digest"])
def test_a_number_given_again_after_a_restore_is_another_mail(how, cast, studied):
    wants(cast.reviewer, how)
    keys = []
    for hours in range(2):
        StaffNotice.objects.all().delete()
        row = StaffNotice(pk=77, recipient=cast.reviewer, kind="assigned", about=f"event:{hours}", transaction=studied)
        row.created_at = NOW + hours * HOUR
        row.save()
        for _twice in range(2):  # as after a crash between sending and writing that down
            StaffNotice.objects.update(mailed_at=None)
            if how == "each":
                staff_notices.send_one(row.pk, NOW)
            else:
                staff_notices.send_digest(cast.reviewer.pk, NOW)
            keys.append(mail.outbox[-1].extra_headers["Message-ID"])
    assert [len(keys), len(set(keys)), keys[0]] == [4, 2, keys[1]]


def test_without_a_confirmed_address_nothing_is_sent(cast, studied):
    wants(cast.reviewer, "each", email="")
    assigned(cast, studied)
    work_off()
    assert StaffNotice.objects.get().mailed_at is None
    assert not [message for message in mail.outbox if PAGE in message.body]


def test_the_choice_is_made_on_the_page(cast, signed_in):
    page = signed_in(cast.reviewer)
    page.post(reverse("staff:notices_mail"), {"how": "each"})
    assert StaffMail.objects.get(user=cast.reviewer).how == "each"
    page.post(reverse("staff:notices_mail"), {"how": "hourly"})
    assert StaffMail.objects.get(user=cast.reviewer).how == "each"


def test_old_ones_are_deleted(cast, studied):
    assigned(cast, studied)
    assert staff_notices.forget_old(NOW + timedelta(days=179), 100) == 0
    assert staff_notices.forget_old(NOW + timedelta(days=181), 100) == 1
