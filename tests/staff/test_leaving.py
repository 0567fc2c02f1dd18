"""Leaving hands over, and cases are shared out by load: nothing stays with somebody gone."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from accounts import absences, four_eyes, leaving
from accounts import services as people
from accounts.models import StaffPost, User
from municipality.models import Office
from transactions.models import BulkItem, BulkJob, Outbox, Transaction
from transactions.outbox import queue
from transactions.transitions import bulk, moves
from transactions.transitions.spreading import spread

from ..cast import PASSWORD, national_id
from ..conftest import NOW, drive, work_off

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def third(cast):
    user = User.objects.create_user(national_id(71), PASSWORD, full_name="third reviewer", phone="+966500000071")
    people.create_staff_post(user, Office.objects.get(code="SHR"), "reviewer", on=date(2020, 1, 1))
    return User.objects.get(pk=user.pk)


@pytest.fixture
def studied(cast, submitted, stopped_clock):
    return [drive(submitted(), cast, "under_study") for _ in range(5)]


@pytest.fixture
def taken(cast, studied):
    return [moves.take(case, by=cast.reviewer, now=NOW) for case in studied]


def owners(cases):
    rows = Transaction.objects.filter(pk__in=[case.pk for case in cases]).order_by("pk")
    return list(rows.values_list("assignee", flat=True))


def post_of(user):
    return StaffPost.objects.get(user=user)


def ending(cast, how, **more):
    """What an administrator sends to end the reviewer's post today."""
    return {"ends_on": NOW.date().isoformat(), "reason": "", "hand_over": how, **more}


def change(user):
    return reverse("staff:accounts_staffpost_change", args=[post_of(user).pk])


# -- spreading -------------------------------------------------------------------------------------------------


def test_each_goes_to_whoever_has_least(cast, studied, third):
    moves.take(studied[0], by=third, now=NOW)
    given = spread(studied[1:], NOW.date())
    counted = [list(given.values()).count(who) for who in (cast.reviewer, cast.second_reviewer, third)]
    assert counted == [2, 2, 0], "which makes two, two and one"


def test_nobody_gets_what_they_may_not_have(cast, submitted, studied, third, stopped_clock):
    absences.enter_absence(
        third, {post_of(third): None}, starts_on=NOW.date(), ends_on=NOW.date(), by=third, now=stopped_clock
    )
    own = drive(submitted(by=cast.second_reviewer), cast, "under_study")
    waiting = drive(submitted(), cast, "awaiting_supervisor")
    given = spread([own, waiting, *studied], NOW.date())
    assert given[own.pk] == cast.reviewer
    assert given[waiting.pk] == cast.supervisor
    assert third not in given.values(), "they are away"
    assert spread([waiting], NOW.date(), without=cast.supervisor) == {waiting.pk: None}


def test_a_supervisor_looks_first_and_then_spreads(cast, studied, third, signed_in):
    sent = {"case": [case.reference for case in studied], "move": "spread", "from": "/staff/supervision/"}
    page = signed_in(cast.supervisor)
    shown = page.post("/staff/bulk/", sent, follow=True)
    assert shown.context["goes"] == 5
    job = BulkJob.objects.get()
    meant = dict(job.items.values_list("transaction", "to"))
    page.post(reverse("staff:bulk_start", args=[job.key]))
    work_off()
    assert dict(Transaction.objects.filter(pk__in=meant).values_list("pk", "assignee")) == meant
    assert {owners(studied).count(who.pk) for who in (cast.reviewer, cast.second_reviewer, third)} == {1, 2}


def test_a_clerk_spreads_nothing(cast, studied, signed_in):
    sent = {"case": [case.reference for case in studied], "move": "spread", "from": "/staff/"}
    signed_in(cast.second_reviewer).post("/staff/bulk/", sent)
    assert set(BulkItem.objects.values_list("state", flat=True)) == {"cannot"}


# -- leaving ---------------------------------------------------------------------------------------------------


def test_the_page_says_how_much_there_is_and_ending_hands_it_over_to_one(cast, taken, signed_in):
    page = signed_in(cast.administrator)
    shown = page.get(change(cast.reviewer))
    assert "5" in shown.context["adminform"].form.fields["hand_over"].help_text
    assert taken[0].reference not in shown.content.decode(), "an administrator sees no case"
    page.post(change(cast.reviewer), ending(cast, cast.second_reviewer.pk))
    assert BulkJob.objects.get().leaver == cast.reviewer
    work_off()
    assert owners(taken) == [cast.second_reviewer.pk] * 5
    event = taken[0].events.order_by("-seq")[0]
    assert (event.move, event.actor, event.facts["from"]) == ("reassign", None, cast.reviewer.pk)
    assert BulkJob.objects.get().state == "done"


def test_ending_spreads_evenly(cast, taken, third, signed_in):
    signed_in(cast.administrator).post(change(cast.reviewer), ending(cast, "spread"))
    work_off()
    assert {owners(taken).count(who.pk) for who in (cast.second_reviewer, third)} == {2, 3}


def test_back_to_the_queue_is_what_happens_when_nothing_is_chosen(cast, taken, signed_in):
    signed_in(cast.administrator).post(change(cast.reviewer), ending(cast, ""))
    assert not BulkJob.objects.exists()
    work_off()
    assert owners(taken) == [None] * 5


def test_closing_the_account_hands_over_too(cast, taken, signed_in):
    page = signed_in(cast.administrator)
    url = reverse("staff:accounts_user_change", args=[cast.reviewer.pk])
    form = page.get(url).context["adminform"].form
    assert list(form.fields).count("hand_over") == 1
    sent = {name: value for name, value in form.initial.items() if value is not None and name in form.fields}
    page.post(url, sent | {"is_active": "", "hand_over": "spread"} | {"is_active": False})
    work_off()
    assert not User.objects.get(pk=cast.reviewer.pk).is_active
    assert owners(taken) == [cast.second_reviewer.pk] * 5


def test_whoever_has_nothing_open_is_asked_nothing(cast, taken, signed_in):
    form = signed_in(cast.administrator).get(change(cast.second_reviewer)).context["adminform"].form
    assert "hand_over" not in form.fields


def test_a_colleague_of_another_post_is_no_choice_and_nothing_is_ended(cast, taken, signed_in):
    for stranger in (cast.supervisor, cast.other_reviewer, cast.reviewer):
        answer = signed_in(cast.administrator).post(change(cast.reviewer), ending(cast, stranger.pk))
        assert answer.status_code == 200
        assert "hand_over" in answer.context["adminform"].form.errors
    assert post_of(cast.reviewer).ends_on is None


def test_a_case_that_cannot_go_on_goes_back_to_the_queue(cast, taken, monkeypatch):
    """The colleague has left as well before the worker came."""
    with transaction.atomic():
        post = four_eyes.set_end(post_of(cast.reviewer), NOW.date(), by=cast.administrator, now=NOW)
        leaving.hand_over(cast.reviewer, [post], str(cast.second_reviewer.pk), by=cast.administrator, now=NOW)
    four_eyes.set_end(post_of(cast.second_reviewer), NOW.date(), by=cast.administrator, now=NOW)
    work_off()
    assert owners(taken) == [None] * 5
    assert set(BulkItem.objects.values_list("state", flat=True)) == {"refused"}


def test_the_sweep_waits_for_the_action_and_what_changed_meanwhile_stays(cast, taken):
    post = four_eyes.set_end(post_of(cast.reviewer), NOW.date(), by=cast.administrator, now=NOW)
    leaving.hand_over(cast.reviewer, [post], str(cast.second_reviewer.pk), by=cast.administrator, now=NOW)
    moves.take(taken[0], by=cast.second_reviewer, now=NOW)
    row = Outbox.objects.filter(kind="hand_back").order_by("pk")[0]
    assert queue.process_row(row.pk, NOW), "the sweep of whoever left, before the action came to its turn"
    assert owners(taken)[1:] == [cast.reviewer.pk] * 4
    work_off()
    assert owners(taken) == [cast.second_reviewer.pk] * 5
    assert taken[0].events.order_by("-seq")[0].move == "take"


def test_a_list_that_comes_to_its_end_twice_owes_the_sweep_once(cast, taken):
    post = four_eyes.set_end(post_of(cast.reviewer), NOW.date(), by=cast.administrator, now=NOW)
    leaving.hand_over(cast.reviewer, [post], str(cast.second_reviewer.pk), by=cast.administrator, now=NOW)
    work_off()
    job = BulkJob.objects.get()
    assert job.state == "done"
    assert bulk.work_on(job.pk, NOW) is None
    assert Outbox.objects.filter(dedupe=f"hand_back:bulk-{job.pk}").count() == 1


def test_a_list_is_not_over_before_the_sweep_is_owed(cast, taken):
    post = four_eyes.set_end(post_of(cast.reviewer), NOW.date(), by=cast.administrator, now=NOW)
    leaving.hand_over(cast.reviewer, [post], str(cast.second_reviewer.pk), by=cast.administrator, now=NOW)
    job = BulkJob.objects.get()
    # The database refuses the row, as it would where it is full.
    refused = Outbox.objects.create(
        kind="hand_back", subject=1, dedupe=f"hand_back:bulk-{job.pk}", not_before=NOW, created_at=NOW
    )
    with pytest.raises(IntegrityError):
        bulk.work_on(job.pk, NOW)
    job.refresh_from_db()
    assert job.state == "running"
    refused.delete()
    bulk.work_on(job.pk, NOW)
    job.refresh_from_db()
    assert (job.state, Outbox.objects.filter(dedupe=f"hand_back:bulk-{job.pk}").count()) == ("done", 1)


def test_a_post_that_ends_later_is_handed_over_then(cast, taken, signed_in, monkeypatch):
    later = (NOW + 3 * DAY).date().isoformat()
    signed_in(cast.administrator).post(change(cast.reviewer), ending(cast, "spread", ends_on=later))
    work_off()
    assert owners(taken) == [cast.reviewer.pk] * 5
    assert not BulkJob.objects.exists()


def test_an_administrator_cannot_open_the_list_of_cases(cast, taken, signed_in):
    page = signed_in(cast.administrator)
    page.post(change(cast.reviewer), ending(cast, "spread"))
    assert page.get(reverse("staff:bulk", args=[BulkJob.objects.get().key])).status_code == 404
