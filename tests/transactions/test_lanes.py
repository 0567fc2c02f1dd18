"""The lanes in which a pile is worked off: shares, no starvation, no inversions, and nothing at all without a pile."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from municipality.models import Office
from transactions import turns
from transactions.domain import lanes
from transactions.domain.gates import Scope
from transactions.domain.lanes import Lane, Turn
from transactions.domain.pauses import Pause
from transactions.incidents import memory
from transactions.models import Incident, IncidentNotice, LaneTurn, Transaction
from transactions.queues import queue_of
from transactions.transitions import moves, spreading

from ..conftest import NOW, drive

TURNS = st.builds(lambda taken: _after(Turn(), taken), st.lists(st.sampled_from(Lane), max_size=30))
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def _after(turn, taken):
    for lane in taken:
        turn = lanes.turn_after(turn, lane)
    return turn


# -- pure ----------------------------------------------------------------------------------------------------------


@given(TURNS, st.lists(st.sets(st.sampled_from(Lane), min_size=1), min_size=1, max_size=120))
def test_new_work_has_its_share_whatever_else_waits(turn, waiting):
    """Other lanes fill and empty as they like; in any stretch in which it waited it got three of ten, less one."""
    taken = []
    for others in waiting:
        lane = lanes.next_lane(turn, others | {Lane.NEW})
        taken.append(lane)
        turn = lanes.turn_after(turn, lane)
    for start in range(len(taken)):
        for end in range(start + 1, len(taken) + 1):
            share = taken[start:end].count(Lane.NEW)
            assert share >= lanes.NEW_SHARE_PERCENT * (end - start) // 100 - 1


@given(TURNS, st.sampled_from(Lane), st.lists(st.sets(st.sampled_from(Lane)), min_size=4, max_size=60))
def test_no_lane_that_waits_is_passed_over_for_long(turn, mine, waiting):
    passed = 0
    for others in waiting:
        lane = lanes.next_lane(turn, others | {mine})
        passed = 0 if lane is mine else passed + 1
        assert passed <= 4
        turn = lanes.turn_after(turn, lane)


@given(TURNS)
def test_a_turn_stays_small(turn):
    assert min(turn) == 0
    assert max(turn) <= lanes.MAX_BEHIND


@given(TURNS, st.lists(st.sampled_from(Lane), max_size=60))
def test_the_order_is_what_taking_one_by_one_gives_and_inverts_nothing(turn, given_lanes):
    items = list(enumerate(given_lanes))
    ordered = lanes.in_turns(items, lambda item: item[1], turn)
    assert sorted(ordered) == items
    for lane in Lane:
        of_lane = [number for number, each in ordered if each is lane]
        assert of_lane == sorted(of_lane)
    left, one_by_one = list(items), []
    now = turn
    while left:
        lane = lanes.next_lane(now, {each for _number, each in left})
        first = next(item for item in left if item[1] is lane)
        left.remove(first)
        one_by_one.append(first)
        now = lanes.turn_after(now, lane)
    # With every lane waiting throughout, both agree; a lane that has run out is forgotten by the stepwise one.
    until = min((max(n for n, item in enumerate(ordered) if item[1] is lane) for lane in {e for _n, e in items}),
                default=0)  # fmt: skip
    if {each for _n, each in items} == set(Lane):
        assert ordered[:until] == one_by_one[:until]


def test_many_who_begin_take_new_work_too():
    """Ten people who take one file each: four of the pile, three due, three new."""
    first = [lanes.next_lane(lanes.first_turn(number), list(Lane)) for number in range(10)]
    assert [first.count(lane) for lane in Lane] == [4, 3, 3]


# -- of rows -------------------------------------------------------------------------------------------------------


@pytest.fixture
def incident(cast):
    """Ten days without a network, over yesterday."""

    def declare(start=NOW - 10 * DAY, end=NOW - DAY, **more):
        row = Incident.objects.create(declared_at=start)
        facts = {"text_ar": "تعطّلت", "text_en": "down", "next_update_at": NOW, "at": start}
        IncidentNotice.objects.create(incident=row, seq=1, starts_at=start, ended_at=end, **facts | more)
        memory.forget()
        return row

    yield declare
    memory.forget()


@pytest.fixture
def waiting(cast, submitted):
    """Files of the reviewer's queue: three that waited (by their dates), two due soon, four new."""

    def make(old=3, due=2, new=4):
        rows = {Lane.PILE: [], Lane.DUE: [], Lane.NEW: []}
        for lane, many in ((Lane.PILE, old), (Lane.DUE, due), (Lane.NEW, new)):
            for number in range(many):
                case = drive(submitted(), cast, "under_study")
                day = NOW - 20 * DAY + number * HOUR if lane is Lane.PILE else NOW - HOUR + number * HOUR / 100
                due_at = NOW + (HOUR if lane is Lane.DUE else 60 * DAY)
                Transaction.objects.filter(pk=case.pk).update(
                    submitted_at=day, due_at=due_at, stage_due_at=NOW + (40 - number) * DAY, assignee=None
                )
                rows[lane].append(case.pk)
        return rows

    return make


@pytest.mark.django_db
def test_without_a_pile_everything_is_as_it_was(cast, waiting, django_assert_num_queries):
    waiting()
    rows = queue_of(cast.reviewer)
    with django_assert_num_queries(0):
        assert turns.turns_of(rows, cast.reviewer, NOW) is None
        assert turns.in_their_turn(rows, cast.reviewer, NOW) is rows
        assert turns.mixed([], NOW) == []
    by_due = list(Transaction.objects.order_by("stage_due_at", "submitted_at", "pk").values_list("pk", flat=True))
    assert [case.pk for case in turns.in_their_turn(rows, cast.reviewer, NOW)] == by_due
    taken = moves.take_next(turns.in_their_turn(rows, cast.reviewer, NOW), by=cast.reviewer, now=NOW)
    assert taken.pk == by_due[0]
    assert not LaneTurn.objects.exists()


@pytest.mark.django_db
def test_an_incident_whose_files_are_all_done_changes_no_order(cast, waiting, incident):
    waiting(old=0)
    incident()
    rows = queue_of(cast.reviewer)
    assert turns.in_their_turn(rows, cast.reviewer, NOW) is rows
    moves.take_next(rows, by=cast.reviewer, now=NOW)
    assert not LaneTurn.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "touching",
    [
        {"end": NOW - 10 * DAY + HOUR},  # an hour leaves no pile
        {"services": ["land-subdivision"]},
        {"offices": ["OBR"]},
        {"stops_clocks": False},
        {"start": NOW + DAY, "end": None},
        {"start": NOW - 60 * DAY, "end": NOW - 30 * DAY},  # over before the first came
    ],
)
def test_what_an_incident_did_not_touch_is_no_pile(touching, cast, waiting, incident):
    rows = waiting(old=2, due=0, new=0)
    incident(**touching)
    assert not Transaction.objects.filter(turns.piled(NOW)).exists()
    assert {turns.lane_of(Transaction.objects.get(pk=pk), NOW) for pk in rows[Lane.PILE]} == {Lane.NEW}


@pytest.mark.django_db
def test_the_database_orders_as_the_rule_does(cast, waiting, incident):
    expected_lanes = waiting(old=5, due=3, new=5)
    incident(offices=["SHR"], services=["building-permit", "electricity-connection"])
    rows = turns.in_their_turn(queue_of(cast.reviewer), cast.reviewer, NOW)
    ordered = list(rows)
    for case in ordered:
        assert case.pk in expected_lanes[Lane(case.lane)]
        assert turns.lane_of(case, NOW) == case.lane
    cases = sorted(
        ordered,
        key=lambda case: lanes.order_in_lane(
            Lane(case.lane), case.submitted_at, case.due_at, case.stage_due_at, case.pk
        ),
    )
    turn = lanes.first_turn(cast.reviewer.pk)
    assert ordered == lanes.in_turns(cases, lambda case: Lane(case.lane), turn)


@pytest.mark.django_db
def test_taking_goes_by_turns_and_never_inverts_the_applicants_dates(cast, waiting, incident):
    rows = waiting(old=6, due=3, new=6)
    incident()
    lane_of = {pk: lane for lane, pks in rows.items() for pk in pks}
    taken = []
    for _each in range(15):
        case = moves.take_next(
            turns.in_their_turn(queue_of(cast.reviewer), cast.reviewer, NOW), by=cast.reviewer, now=NOW
        )
        taken.append(case.pk)
    order = [lane_of[pk] for pk in taken]
    assert order[:10].count(Lane.NEW) >= 3
    assert order[:10].count(Lane.PILE) >= 4
    dates = dict(Transaction.objects.values_list("pk", "submitted_at"))
    of_pile = [dates[pk] for pk in taken if lane_of[pk] is Lane.PILE]
    assert all(first < second for first, second in pairwise(of_pile))
    assert LaneTurn.objects.get().user == cast.reviewer


@pytest.mark.django_db
def test_the_queue_page_and_its_next_button_show_the_same_order(cast, waiting, incident, signed_in, monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)
    waiting()
    incident()
    page = signed_in(cast.reviewer)
    shown = [line.case for line in page.get("/staff/").context["lines"]]
    assert len({case.lane for case in shown}) == 3
    for here, following in pairwise(shown):
        answer = page.get(f"/staff/cases/{here.reference}/next/")
        assert following.reference in answer.url
    answer = page.post("/staff/take-next/")
    assert shown[0].reference in answer.url
    body = page.get("/staff/?sort=due").content.decode()
    assert page.get("/staff/?sort=due").context["in_turns"] is False
    assert "aria-sort" in body


@pytest.mark.django_db
def test_who_is_given_files_evenly_is_not_given_the_pile_alone(cast, waiting, incident):
    rows = waiting(old=4, due=0, new=4)
    incident()
    cases = list(Transaction.objects.order_by("submitted_at").for_pages())
    given = spreading.spread(turns.mixed(cases, NOW), NOW.date())
    of_person = {}
    for pk, user in given.items():
        of_person.setdefault(user, []).append(pk in rows[Lane.PILE])
    assert len(of_person) == 2
    assert all(0 < sum(piled) < len(piled) for piled in of_person.values())


def test_the_scope_of_an_incident_is_read_alike():
    pause = Pause(Scope(frozenset({"building-permit"}), frozenset({"SHR"})), NOW - 5 * DAY, NOW - DAY)
    reads = [
        lanes.waited_through(pause, service, offices, at, NOW)
        for service, offices, at in (
            ("building-permit", ["SHR"], NOW - 9 * DAY),
            ("land-subdivision", ["SHR"], NOW - 9 * DAY),
            ("building-permit", ["OBR"], NOW - 9 * DAY),
            ("building-permit", ["SHR"], NOW - HOUR),
        )
    ]
    assert reads == [True, False, False, False]


@pytest.mark.django_db
def test_two_offices_of_a_scope_are_found_by_their_codes(cast, waiting, incident):
    waiting(old=1, due=0, new=0)
    incident(offices=sorted(Office.objects.values_list("code", flat=True)))
    assert Transaction.objects.filter(turns.piled(NOW)).count() == 1
