"""Setting gates: one closes, two open, checks and expiries fall to the safe side."""

from __future__ import annotations

from datetime import date, timedelta
from types import SimpleNamespace

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from accounts import four_eyes, services
from accounts.models import Proposal, User
from municipality.models import Office
from transactions.domain import service_types
from transactions.domain.errors import DomainError, OperationClosed
from transactions.domain.gates import GateState, Operation, closed_by
from transactions.incidents import gates, memory
from transactions.intake import drafts
from transactions.models import Closure, Draft, GateSwitch
from transactions.outbox import heartbeat

from ..conftest import NOW, PASSWORD, national_id

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


def test_closing_takes_one_opening_takes_two_and_what_is_in_order(cast, second):
    assert isinstance(gate("reading", by=cast.administrator), GateSwitch)
    with pytest.raises(ValidationError) as refused:  # no worker has ever been seen
        gate("all", by=cast.administrator)
    assert len(refused.value.messages) >= 2
    heartbeat.beat(NOW)
    proposal = gate("all", by=cast.administrator)
    assert isinstance(proposal, Proposal)
    assert gates.what_closes(Operation.INTAKE, now=NOW) is not None
    four_eyes.confirm(proposal, by=second, now=NOW)
    assert gates.what_closes(Operation.INTAKE, now=NOW) is None
    row = GateSwitch.objects.latest("pk")
    assert (row.set_by, row.confirmed_by) == (cast.administrator, second)


def test_a_larger_share_and_a_longer_opening_take_two_as_well(cast, second):
    heartbeat.beat(NOW)
    gate("some", by=cast.administrator, share=10, expires_at=NOW + DAY)
    for share, expires in ((20, NOW + DAY), (10, NOW + 2 * DAY), (10, None)):
        assert isinstance(gate("some", by=cast.administrator, share=share, expires_at=expires), Proposal)
    assert isinstance(gate("some", by=cast.administrator, share=5, expires_at=NOW + DAY), GateSwitch)


def test_only_administrators_set_gates(cast):
    for who in ("citizen", "supervisor", "registry"):
        with pytest.raises(ValidationError):
            gate("dark", by=cast.everyone[who])
    assert not GateSwitch.objects.exists()


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"service": "nothing"}, "service"),
        ({"office": "NOWHERE"}, "office"),
        ({"operation": "flying"}, "operation"),
        ({"share": 101}, "share"),
        ({"expires_at": NOW - DAY}, "expires_at"),
        ({"expires_at": NOW + 500 * DAY}, "expires_at"),
        ({"reason_ar": ""}, "reason_ar"),
        ({"reason_en": "x" * 100_000}, "reason_en"),
    ],
)
def test_a_gate_there_cannot_be_is_refused_by_its_field(cast, said, field):
    with pytest.raises(ValidationError) as refused:
        gate("dark", by=cast.administrator, **said)
    assert field in refused.value.message_dict


@pytest.mark.parametrize("state", ["dark", "all"])
def test_an_expired_gate_falls_to_the_safe_side(closed, state):
    closed(state, expires_at=NOW + DAY)
    later = NOW + 2 * DAY
    for operation, shut in [
        (Operation.INQUIRY, False), (Operation.INTAKE, False), (Operation.DECISIONS, True), (Operation.PAYMENTS, True)
    ]:  # fmt: skip
        assert (gates.what_closes(operation, now=later) is not None) == shut


@pytest.mark.parametrize("column", ["state", "operation"])
def test_a_gate_nobody_can_read_falls_to_the_safe_side(closed, column):
    row = GateSwitch(state="all", at=NOW, reason_ar="س", reason_en="r")
    setattr(row, column, "x?!")
    row.save()
    memory.forget()
    assert gates.what_closes(Operation.DECISIONS, now=NOW)
    assert gates.what_closes(Operation.PAYMENTS, now=NOW)
    assert gates.what_closes(Operation.INTAKE, now=NOW) is None
    assert gates.what_closes(Operation.INQUIRY, now=NOW) is None


def test_without_a_table_of_gates_nothing_is_decided(city, monkeypatch):
    from django.db import OperationalError

    def gone():
        raise OperationalError("no such table")

    memory.forget()
    monkeypatch.setattr(memory, "_last_switches", gone)
    monkeypatch.setattr(memory, "connection", SimpleNamespace(in_atomic_block=False))
    known = memory._read()
    assert closed_by(known.gates, Operation.DECISIONS, now=NOW)
    assert closed_by(known.gates, Operation.INTAKE, now=NOW) is None


def test_a_breach_closes_by_itself_what_was_opened(cast, closed):
    heartbeat.beat(NOW)
    closed("some", share=50)
    assert gates.demote(NOW) == 0
    assert gates.demote(NOW + timedelta(minutes=5)) == 1  # no worker for five minutes
    last = GateSwitch.objects.latest("pk")
    assert (last.state, last.cause, last.set_by) == ("intake", "breach", None)
    assert gates.demote(NOW + timedelta(minutes=6)) == 0


def test_where_no_gate_was_set_nothing_is_watched_and_nothing_closed(cast):
    assert gates.demote(NOW + DAY) == 0
    assert not GateSwitch.objects.exists()


def test_a_closed_service_is_one_use_of_it(cast, submitted):
    from transactions.intake.closures import save_closure

    save_closure(Closure(service="land-subdivision", since=NOW, reason_ar="نراجع.", reason_en="Checking."))
    found = gates.what_closes(Operation.INTAKE, now=NOW, service="land-subdivision")
    assert (found.kind, found.reason_en) == ("closure", "Checking.")
    assert gates.what_closes(Operation.INTAKE, now=NOW, service="building-permit") is None
    with pytest.raises(DomainError) as refused:
        submitted("land-subdivision")
    assert refused.value.code == "service_closed"


def test_a_page_of_a_service_says_that_a_gate_closes_it(client, closed):
    closed("reading", operation="intake")
    page = client.get(reverse("transactions:service", args=["building-permit"])).content.decode()
    assert "صيانة." in page
    assert f'action="{reverse("transactions:start", args=["building-permit"])}"' not in page


def test_a_draft_is_not_begun_while_it_is_closed(cast, closed):
    closed("reading")
    with pytest.raises(OperationClosed):
        drafts.start_draft(service_types.get("electricity-connection"), by=cast.citizen)
    assert not Draft.objects.exists()


def test_an_administrator_sets_a_gate_on_a_page(cast, signed_in, monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    add = reverse("staff:transactions_gateswitch_add")
    typed = {
        "service": "", "office": "SHR", "operation": "payments", "state": "dark", "share": "100",
        "expires_at_0": "", "expires_at_1": "", "reason_ar": "تعطّل.", "reason_en": "Down.", "reason": "",
    }  # fmt: skip
    assert signed_in(cast.supervisor).post(add, typed).status_code in (302, 403, 404)
    page = signed_in(cast.administrator)
    token = page.post(add, typed).context["confirmed"]
    assert not GateSwitch.objects.exists()
    page.post(add, typed | {"_confirmed": token})
    assert GateSwitch.objects.get().covers == ("", "SHR", "payments")
