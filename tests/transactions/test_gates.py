"""What is closed stays closed by every way: moves, pages, API, counters, tasks, commands. A closed operation leaves no
trace."""

from __future__ import annotations

import itertools
from datetime import date, timedelta

import pytest
from django.core.management import call_command
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from accounts import services
from accounts.models import User
from municipality.models import Office
from transactions.domain import gates as pure
from transactions.domain.errors import OperationClosed
from transactions.domain.gates import EVERYTHING, OF_MOVE, OPEN_IN, Gate, GateState, Operation, Scope, closed_by
from transactions.domain.workflow import BY_NAME, MOVES, Actor, Status
from transactions.incidents import gates, memory
from transactions.models import Draft, FailedAttempt, GateSwitch, Outbox, Transaction
from transactions.outbox import queue
from transactions.tasks import TASKS_BY_KIND
from transactions.transitions import mover

from ..conftest import ANSWERS, NOW, PASSWORD, drive, national_id, stored, work_off

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
STATES = list(GateState)


@pytest.fixture
def second(cast):
    user = User.objects.create_user(national_id(61), PASSWORD, full_name="second", phone="+966500000061")
    services.create_staff_post(user, Office.objects.get(code="CTR"), "administrator", on=date(2020, 1, 1))
    return user


def gate(state, by=None, now=NOW, **scope):
    said = {"reason_ar": "صيانة.", "reason_en": "Maintenance."} | scope
    return gates.set_gate(GateSwitch(state=state, **said), reason="x", by=by, now=now)


@pytest.fixture
def closed(city):
    """Set a gate whatever was before, as though two had agreed."""

    def put(state, **scope):
        row = GateSwitch(state=state, at=NOW, reason_ar="صيانة.", reason_en="Maintenance.", **scope)
        row.save()
        memory.forget()
        return row

    return put


# -- the pure rules --------------------------------------------------------------------------------------------


def test_every_move_belongs_to_an_operation():
    assert set(OF_MOVE) == set(BY_NAME)


def test_each_state_opens_what_the_one_before_it_does():
    for less, more in itertools.pairwise(STATES):
        assert OPEN_IN[less] <= OPEN_IN[more]
    assert {Operation.INQUIRY, Operation.INTAKE} <= OPEN_IN[pure.SAFE]
    assert not {Operation.DECISIONS, Operation.PAYMENTS} & OPEN_IN[pure.SAFE]


scopes = st.builds(
    Scope,
    *[st.frozensets(st.sampled_from(names), max_size=2) for names in (["a", "b"], ["x", "y"], list(Operation))],
)
some_gates = st.lists(
    st.builds(
        Gate,
        scopes,
        st.sampled_from(STATES),
        st.just(NOW),
        st.sampled_from([None, NOW + DAY]),
        share=st.integers(0, 100),
    ),
    max_size=5,
)


@given(some_gates, st.sampled_from(Operation), st.sampled_from("ab"), st.sampled_from("xy"), st.booleans())
def test_the_order_of_gates_makes_no_difference_and_another_never_opens(found, operation, service, office, late):
    asked = {"service": service, "offices": [office], "lot": "C1A-1448-000123-K", "now": NOW + late * 2 * DAY}
    shut = closed_by(found, operation, **asked) is not None
    assert (closed_by(found[::-1], operation, **asked) is not None) == shut
    assert closed_by([*found, Gate(EVERYTHING, GateState.ALL, NOW)], operation, **asked) is not None or not shut


@given(st.text(min_size=1, max_size=20), st.integers(0, 100), st.integers(0, 100))
def test_a_larger_share_keeps_those_of_a_smaller(lot, one, other):
    small, large = sorted((one, other))
    assert pure.in_share(lot, large) or not pure.in_share(lot, small)
    assert pure.in_share(lot, 100)
    assert not pure.in_share(lot, 0)


# -- every move, in every state ----------------------------------------------------------------------------------


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("move", MOVES, ids=lambda move: move.name)
def test_a_move_is_refused_without_a_trace_where_its_operation_is_closed(move, state, cast, submitted, closed):
    """The mover asks for all of them, whoever comes; here the system does, to whom the rest is open."""
    case = submitted(routed=False)
    closed(state, share=0)
    before = stored(case)
    operation = OF_MOVE[move.name]
    shut = operation is not None and operation not in OPEN_IN[state]
    try:
        gates.refuse_move(case, move.name, now=NOW)
    except OperationClosed:
        assert shut
    else:
        assert not shut
    if shut and Actor.SYSTEM in move.who and Status.SUBMITTED in move.sources:
        with pytest.raises(OperationClosed):
            mover.begin(case, move.name, by=None, now=NOW)
    assert stored(case) == before


@pytest.mark.parametrize("state", STATES)
def test_decisions_and_payments_by_services_and_the_workbench(state, cast, submitted, closed, signed_in):
    from transactions.transitions import moves

    case = drive(submitted("building-permit"), cast, "awaiting_supervisor")
    closed(state, share=0)
    shut = Operation.DECISIONS not in OPEN_IN[state]
    by_page = signed_in(cast.supervisor)
    before = stored(case)
    if shut:
        with pytest.raises(OperationClosed):
            moves.approve(case, by=cast.supervisor, now=NOW)
        by_page.post(reverse("staff:move", args=[case.reference, "approve"]), {"version": case.version})
        answer = by_page.post(
            f"/api/v1/transactions/{case.reference}/moves/",
            {"move": "approve", "version": case.version},
            content_type="application/json",
        )
        assert answer.status_code in (401, 403, 503)
        assert stored(case) == before
    else:
        assert moves.approve(case, by=cast.supervisor, now=NOW).status != case.status


# -- intake, by every way ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", STATES)
def test_intake_by_service_page_and_api(state, cast, submitted, closed, signed_in):
    closed(state, share=0)
    shut = Operation.INTAKE not in OPEN_IN[state]
    page = signed_in(cast.citizen)
    code = "electricity-connection"
    if not shut:
        assert submitted(code, routed=False).pk
        return
    with pytest.raises(OperationClosed):
        submitted(code, routed=False)
    page.post(reverse("transactions:start", args=[code]))
    answer = page.post(
        "/api/v1/transactions/",
        {"service": code, "answers": ANSWERS[code]},
        content_type="application/json",
        headers={"Idempotency-Key": "while-closed", "Accept-Language": "en"},
    )
    assert (answer.status_code, answer.json()["code"]) == (503, "operation_closed")
    assert "Maintenance." in answer.json()["detail"]
    assert answer["Retry-After"]
    assert not Transaction.objects.exists()
    assert not Draft.objects.exists()


def test_a_counter_can_be_closed_while_the_rest_goes_on(cast, submitted, closed):
    from transactions.models import Channel

    closed("reading", operation="counters")
    assert submitted(routed=False).pk
    with pytest.raises(OperationClosed):
        submitted(by=cast.citizen, routed=False, channel=Channel.COUNTER, centre=Office.objects.get(code="SC01"))


def test_one_office_or_service_is_closed_and_others_go_on(cast, submitted, closed):
    from transactions.transitions import moves

    here, other = submitted(), submitted("land-subdivision")
    closed("reading", office="SHR")
    with pytest.raises(OperationClosed):
        moves.register(here, by=cast.registry, now=NOW)
    GateSwitch.objects.all()._raw_delete("default")
    closed("reading", service="electricity-connection", operation="processing")
    with pytest.raises(OperationClosed):
        moves.register(here, by=cast.registry, now=NOW)
    if other.held_by.code == "SHR":
        assert moves.register(other, by=cast.registry, now=NOW).pk


# -- inquiry -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", STATES)
def test_inquiry_by_page_api_and_own_request(state, cast, submitted, closed, client, signed_in):
    from transactions.domain import pins

    case = submitted()
    closed(state, share=0)
    asked = {"reference": case.reference, "pin": pins.derive_pin(case.reference)}
    wanted = 503 if state == GateState.DARK else 200
    assert client.post("/inquiry/", asked | {"by": "pin"}).status_code == wanted
    assert client.post("/api/v1/inquiries/", asked, content_type="application/json").status_code == wanted
    assert signed_in(cast.citizen).get(reverse("transactions:request", args=[case.reference])).status_code == wanted
    if wanted == 503:
        wrong = client.post("/inquiry/", asked | {"by": "pin", "pin": "AAAA-AAAA"})
        assert wrong.status_code == 503
        assert not FailedAttempt.objects.exists()


# -- work after the answer, commands --------------------------------------------------------------------------------

# What each kind of job does, as operations; None with the reason why nothing closes it.
JOBS: dict[str, Operation | str] = {
    "bill_issue": "looks itself whether payments are open (billing/exchange.py), and waits",
    "bill_cancel": "looks itself whether payments are open (billing/exchange.py), and waits",
    "payment_apply": "writes down money that came; the move of the case is gated",
    "box_entry": "takes in what has its receipt already; closed for new requests, a person looks at it",
    "bulk": "each case by its own move, which is gated",
    "route": Operation.INTAKE,
    "notify": Operation.MESSAGES,
    "refer_out": Operation.MESSAGES,
    "second": Operation.MESSAGES,
    "hand_over": Operation.PROCESSING,
    "stay": Operation.PROCESSING,
    "hand_back": Operation.PROCESSING,
    "recount": "counts due dates, which is what a closure is followed by",
    "incident": "owes the recount",
    "tell_subscribers": "says what is closed, which has to be said just then",
    "tell_subscriber": "says what is closed, which has to be said just then",
    "confirm_subscription": "is how somebody comes to be told what is closed",
    "tell": "says what is closed, which has to be said just then",
    "vault_paper": "hands a document to the vault, whatever is open",
    "sign_paper": "makes the PDF of what was issued, whatever is closed since",
    "vault_file": "hands a file to the vault, whatever is open",
    "vault_copy": "hands a copy to the vault, whatever is open",
    "vault_heads": "hands the heads of the journal to the vault, whatever is open",
    "confirmed": "says that the vault has a receipt",
    "staff_mail": Operation.MESSAGES,
    "staff_digest": Operation.MESSAGES,
    "warn": "tells a person that somebody took over their account",
    "warn_name": "tells a person that somebody changed their name",
    "warn_delegation": "tells a person that somebody acts for them",
    "confirm_email": "is part of signing in, which no gate closes",
    "draw": "makes a picture of a file there is",
    "check_drawing": "measures a file there is",
    "scan": "looks into a file there is",
}


def test_every_kind_of_job_and_task_is_listed():
    assert set(queue.known_kinds()) == set(JOBS)
    assert set(TASKS_BY_KIND) - {"other"} <= set(JOBS)  # `other` wakes workers for kinds without a task of their own


@pytest.mark.parametrize("way", ["task", "command"])
def test_routing_waits_for_its_gate_and_goes_on_by_itself(way, cast, submitted, closed):
    case = submitted(routed=False)
    closed("dark")
    if way == "task":
        TASKS_BY_KIND["route"]()
    else:
        call_command("work", "--once")
    row = Outbox.objects.get(kind="route", subject=case.pk)
    case.refresh_from_db()
    assert (case.status, row.state, row.attempts) == ("submitted", "owed", 0)
    GateSwitch.objects.all()._raw_delete("default")
    memory.forget()
    assert queue.process_row(row.pk, row.not_before)
    case.refresh_from_db()
    assert case.status == "incoming"


def test_messages_wait_for_their_gate(cast, submitted, closed):
    submitted()
    closed("dark", operation="messages")
    work_off()
    rows = Outbox.objects.filter(kind="notify")
    assert rows.exists()
    assert {row.state for row in rows} == {"owed"}
