"""Many cases at once: looked at, done each by its own move, stopped, gone on with after a crash, taken back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts import services as people
from accounts.models import User
from municipality.models import Office
from transactions.domain import references
from transactions.domain.errors import DomainError
from transactions.incidents import memory
from transactions.models import BulkItem, BulkJob, Event, GateSwitch, Movement, Outbox, Transaction
from transactions.outbox import queue
from transactions.outbox.queue import Postponed
from transactions.transitions import bulk, moves

from ..conftest import NOW, drive

pytestmark = pytest.mark.django_db
LOOK = "/staff/bulk/"


@pytest.fixture
def incoming(submitted):
    return [submitted() for _ in range(4)]


def work(job, now=NOW):
    """What a worker does with the job."""
    row = Outbox.objects.get(kind="bulk", subject=job.pk)
    while queue.process_row(row.pk, now) is False and Outbox.objects.get(pk=row.pk).state == "owed":
        now += timedelta(seconds=1)
    job.refresh_from_db()
    return job


def work_now(job):
    bulk.start(job, now=NOW)
    return work(job)


def states(job):
    return dict(job.items.values_list("transaction_id", "state"))


def chosen(cases, move, **more):
    return {"case": [case.reference for case in cases], "move": move, "from": "/staff/", **more}


def test_a_look_says_what_would_happen_and_why_not_and_changes_nothing(cast, incoming, submitted, signed_in):
    studied = drive(submitted(), cast, "under_study")
    before = Event.objects.count()
    answer = signed_in(cast.registry).post(LOOK, chosen([*incoming, studied], "register"), follow=True)
    assert answer.context["goes"] == 4
    assert [item.transaction for item in answer.context["stay"]] == [studied]
    assert "قيد الدراسة" in answer.context["stay"][0].message, "the words the case's own page has for it"
    assert Event.objects.count() == before
    assert not Outbox.objects.filter(kind="bulk").exists()


def test_each_case_is_registered_by_its_own_move_with_its_own_number(cast, incoming, signed_in):
    page = signed_in(cast.registry)
    shown = page.post(LOOK, chosen(incoming, "register"), follow=True)
    job = BulkJob.objects.get()
    for _twice in range(2):
        page.post(reverse("staff:bulk_start", args=[job.key]))
    assert Outbox.objects.filter(kind="bulk").count() == 1
    work(job)
    assert job.state == "done"
    numbers = [line.number for line in Movement.objects.filter(direction="in").order_by("pk")]
    assert len(set(numbers)) == 4
    for case in incoming:
        event = case.events.order_by("-seq")[0]
        assert (event.move, event.actor, event.actor_role) == ("register", cast.registry, "registry_clerk")
    after = page.get(shown.redirect_chain[-1][0])
    assert after.context["counts"]["done"] == 4
    assert all(str(number) in after.content.decode() for number in numbers)
    assert not after.context["may_undo"], "a number once given stays"


def test_all_of_the_filter_is_all_its_pages_and_nothing_else(cast, incoming, submitted, signed_in):
    other = submitted("land-subdivision")
    page = signed_in(cast.registry)
    left = f"/staff/?service={other.service}"
    page.post(LOOK, {"everything": "1", "move": "register", "from": left})
    assert list(BulkItem.objects.values_list("transaction_id", flat=True)) == [other.pk]
    BulkJob.objects.all().delete()
    page.post(LOOK, {"everything": "1", "move": "register", "from": "/staff/"})
    assert set(BulkItem.objects.values_list("transaction_id", flat=True)) == {case.pk for case in (*incoming, other)}


@pytest.mark.parametrize(
    "sent",
    [
        {"case": [], "move": "register"},
        {"move": "approve"},
        {"move": ""},
        {"move": "reject"},
        {"move": "reassign"},
        {"move": "reassign", "to": "1"},
    ],
)
def test_what_cannot_be_meant_is_refused_and_leaves_nothing(sent, cast, incoming, signed_in):
    """Decisions are not made on many at once."""
    asked = chosen(incoming, "register") | sent
    answer = signed_in(cast.supervisor).post(LOOK, asked, follow=True)
    assert [message.level_tag for message in answer.context["messages"]] == ["error"]
    assert not BulkJob.objects.exists()


def test_nobody_chooses_sees_or_starts_what_is_not_theirs(cast, incoming, signed_in):
    mine = bulk.look(incoming, "register", by=cast.registry, now=NOW)
    for person in (cast.reviewer, cast.other_registry, cast.administrator, cast.supervisor):
        page = signed_in(person)
        assert page.get(reverse("staff:bulk", args=[mine.key])).status_code == 404
        for name in ("staff:bulk_start", "staff:bulk_cancel", "staff:bulk_undo"):
            assert page.post(reverse(name, args=[mine.key])).status_code == 404
    signed_in(cast.other_registry).post(LOOK, chosen(incoming, "register"))
    assert BulkJob.objects.get() == mine, "cases of another office are not there to be chosen"
    mine.refresh_from_db()
    assert mine.state == "looked_at"


def test_a_page_of_many_names_nobody_whose_case_is_no_longer_theirs(cast, incoming, signed_in):
    """Whoever goes to another office keeps what they did, by its numbers; the names stay behind."""
    job = work_now(bulk.look(incoming, "register", by=cast.registry, now=NOW))
    page = reverse("staff:bulk", args=[job.key])
    assert cast.citizen.full_name in signed_in(cast.registry).get(page).content.decode()
    post = cast.registry.posts.get()
    people.create_staff_post(cast.registry, Office.objects.get(code="MTR"), "registry_clerk", on=post.starts_on)
    post.ends_on, post.ended_at = post.starts_on, NOW
    post.save()
    html = signed_in(User.objects.get(pk=cast.registry.pk)).get(page).content.decode()
    assert cast.citizen.full_name not in html.partition("<main")[2]
    assert incoming[0].reference in html


def test_a_case_that_moved_after_the_look_stays_and_is_named(cast, incoming, signed_in):
    job = bulk.look(incoming, "register", by=cast.registry, now=NOW)
    moves.register(incoming[1], by=cast.registry, now=NOW)
    bulk.start(job, now=NOW)
    work(job)
    refused = job.items.get(state="refused")
    assert refused.transaction == incoming[1]
    assert refused.message
    assert job.items.filter(state="done").count() == 3
    assert Movement.objects.filter(transaction=incoming[1], direction="in").count() == 1


def test_a_post_that_ends_on_the_way_ends_the_work(cast, incoming):
    job = bulk.look(incoming, "register", by=cast.registry, now=NOW)
    bulk.start(job, now=NOW)
    post = cast.registry.posts.get()
    post.ends_on = timezone.localdate() - timedelta(days=1)
    post.save()
    work(job)
    assert set(states(job).values()) == {"refused"}
    assert not Movement.objects.exists()


def test_a_gate_that_closes_on_the_way_is_obeyed_and_said(cast, incoming):
    job = bulk.look(incoming, "register", by=cast.registry, now=NOW)
    bulk.start(job, now=NOW)
    GateSwitch.objects.create(
        state="intake", at=timezone.now(), operation="processing", reason_ar="عطل.", reason_en="Out of order."
    )
    memory.forget()
    work(job, timezone.now())
    assert set(states(job).values()) == {"refused"}
    assert all("عطل." in message for message in job.items.values_list("message", flat=True))


def test_what_was_stopped_is_not_begun_and_what_is_done_stays(cast, incoming, monkeypatch, signed_in):
    job = bulk.look(incoming, "register", by=cast.registry, now=NOW)
    bulk.start(job, now=NOW)
    monkeypatch.setattr(bulk, "SECONDS", -1)
    assert isinstance(bulk.work_on(job.pk, NOW), Postponed)
    bulk._work_on_item(job.items.get(position=1).pk, NOW)
    assert signed_in(cast.registry).post(reverse("staff:bulk_cancel", args=[job.key])).status_code == 302
    monkeypatch.setattr(bulk, "SECONDS", 4)
    work(job)
    assert job.state == "cancelled"
    assert sorted(states(job).values()) == ["cancelled", "cancelled", "cancelled", "done"]
    assert Movement.objects.count() == 1


def test_whoever_dies_between_a_move_and_its_mark_has_done_neither(cast, incoming, monkeypatch):
    """The worker goes away after the move, before the commit; the next one goes on where it stopped."""
    job = bulk.look(incoming, "register", by=cast.registry, now=NOW)
    bulk.start(job, now=NOW)

    class Killed(BaseException):
        pass

    real, calls = moves.register, []

    def dies_at_the_third(case, **more):
        done = real(case, **more)
        calls.append(case.pk)
        if len(calls) == 3:
            raise Killed
        return done

    monkeypatch.setattr(moves, "register", dies_at_the_third)
    with pytest.raises(Killed):
        bulk.work_on(job.pk, NOW)
    assert sorted(states(job).values()) == ["done", "done", "waiting", "waiting"]
    assert Movement.objects.count() == 2
    bulk.work_on(job.pk, NOW)
    assert set(states(job).values()) == {"done"}
    numbers = list(Movement.objects.order_by("number").values_list("number", flat=True))
    assert numbers == list(range(numbers[0], numbers[0] + 4)), "no number twice and none left out"


def test_one_case_that_fails_oddly_stops_no_other(cast, incoming, monkeypatch):
    job = bulk.look(incoming, "register", by=cast.registry, now=NOW)
    bulk.start(job, now=NOW)
    real = moves.register

    def broken(case, **more):
        if case.pk == incoming[0].pk:
            raise RuntimeError("a slip of ours")
        return real(case, **more)

    monkeypatch.setattr(moves, "register", broken)
    work(job)
    assert (job.state, sorted(states(job).values())) == ("done", ["done", "done", "done", "refused"])


def test_taking_is_taken_back_but_not_what_went_on_meanwhile(cast, submitted, signed_in):
    cases = [drive(submitted(), cast, "under_study") for _ in range(3)]
    moves.take(cases[2], by=cast.second_reviewer, now=NOW)
    page = signed_in(cast.reviewer)
    page.post(LOOK, chosen(cases, "take"))
    job = BulkJob.objects.get()
    assert states(job)[cases[2].pk] == "cannot", "a colleague's is not taken from them by the dozen"
    bulk.start(job, now=NOW)
    work(job)
    assert {case.assignee for case in Transaction.objects.filter(pk__in=[cases[0].pk, cases[1].pk])} == {cast.reviewer}
    cases[0].refresh_from_db()
    moves.recommend(cases[0], by=cast.reviewer, now=NOW + timedelta(hours=1))
    page.post(reverse("staff:bulk_undo", args=[job.key]))
    back = BulkJob.objects.get(undoes=job)
    assert states(back) == {cases[0].pk: "cannot", cases[1].pk: "waiting"}
    bulk.start(back, now=NOW)
    work(back)
    cases[1].refresh_from_db()
    assert cases[1].assignee is None


def test_cases_handed_over_go_back_to_whoever_had_each(cast, submitted, signed_in):
    cases = [drive(submitted(), cast, "under_study") for _ in range(3)]
    moves.take(cases[0], by=cast.reviewer, now=NOW)
    third = cast.other_citizen
    people.create_staff_post(third, Office.objects.get(code="SHR"), "reviewer", on=NOW.date())
    third = User.objects.get(pk=third.pk)
    moves.take(cases[1], by=third, now=NOW)
    page = signed_in(cast.supervisor)
    page.post(LOOK, chosen(cases, "reassign", to=cast.second_reviewer.pk))
    job = BulkJob.objects.get()
    bulk.start(job, now=NOW)
    work(job)
    assert {case.assignee for case in Transaction.objects.all()} == {cast.second_reviewer}
    page.post(reverse("staff:bulk_undo", args=[job.key]))
    back = BulkJob.objects.get(undoes=job)
    assert states(back)[cases[2].pk] == "cannot", "nobody had it"
    bulk.start(back, now=NOW)
    work(back)
    for case, owner in zip(cases, (cast.reviewer, third, cast.second_reviewer), strict=True):
        case.refresh_from_db()
        assert case.assignee == owner


def test_an_undo_that_was_never_begun_can_be_asked_for_again_and_a_begun_one_not(cast, submitted, signed_in):
    case = drive(submitted(), cast, "under_study")
    job = bulk.look([case], "take", by=cast.reviewer, now=NOW)
    bulk.start(job, now=NOW)
    work(job)
    page = signed_in(cast.reviewer)
    assert page.get(reverse("staff:bulk", args=[job.key])).context["may_undo"]
    bulk.undo(job, now=NOW)
    assert page.get(reverse("staff:bulk", args=[job.key])).context["may_undo"]
    again = bulk.undo(job, now=NOW)
    bulk.start(again, now=NOW)
    assert not page.get(reverse("staff:bulk", args=[job.key])).context["may_undo"]


def test_the_page_that_waits_is_told_only_when_something_happened(cast, incoming, signed_in):
    job = bulk.look(incoming, "register", by=cast.registry, now=NOW)
    bulk.start(job, now=NOW)
    url, page = reverse("staff:bulk", args=[job.key]), signed_in(cast.registry)
    seen = page.get(url).context["stamp"]
    assert page.get(url, {"seen": seen}).status_code == 204
    work(job)
    assert page.get(url, {"seen": seen}).status_code == 200


def test_a_thousand_and_one_are_too_many_and_a_look_at_many_asks_as_often_as_at_few(
    cast, incoming, django_assert_max_num_queries
):
    first = Transaction.objects.get(pk=incoming[0].pk)
    values = {field.attname: getattr(first, field.attname) for field in Transaction._meta.concrete_fields}
    number = references.parse(first.reference)
    Transaction.objects.bulk_create(
        Transaction(**values | {"id": None, "reference": str(replace(number, serial=serial))})
        for serial in range(900_000, 901_000)
    )
    rows = list(Transaction.objects.for_pages().order_by("pk"))
    with pytest.raises(DomainError) as refused:
        bulk.look(rows[:1001], "register", by=cast.registry, now=NOW)
    assert refused.value.code == "too_many"
    registrar = User.objects.get(pk=cast.registry.pk)
    with django_assert_max_num_queries(14):
        job = bulk.look(rows[:500], "register", by=registrar, now=NOW)
    assert job.items.filter(state="waiting").count() == 500


def test_old_jobs_are_forgotten_and_the_events_stay(cast, incoming):
    idle = bulk.look(incoming[:1], "register", by=cast.registry, now=NOW)
    job = bulk.look(incoming, "register", by=cast.registry, now=NOW)
    bulk.start(job, now=NOW)
    work(job)
    bulk.forget_old(NOW + timedelta(days=2), 100)
    assert not BulkJob.objects.filter(pk=idle.pk).exists()
    assert BulkJob.objects.filter(pk=job.pk).exists()
    bulk.forget_old(timezone.now() + timedelta(days=100), 100)
    assert not BulkJob.objects.exists()
    assert Event.objects.filter(move="register").count() == 4
