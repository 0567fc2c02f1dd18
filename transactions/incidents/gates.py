"""Is it open? Asked in the services, so that pages, API, counters, workbench, tasks and commands all obey.

Setting a gate: to close something takes one administrator and is done at once, to open it further takes two and what
`checks` find in order. What was opened and is found out of order is closed by the portal itself (`demote`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts import four_eyes
from accounts.access import is_administrator
from accounts.models import Proposal, User
from core.db.locks import take_lock
from journal import chain
from journal.entry import second_of
from municipality.services import office_by_code, offices_by_pk

from ..domain import service_types
from ..domain.errors import OperationClosed
from ..domain.gates import OF_MOVE, ORDER, SAFE, Gate, GateState, Operation, closed_by
from ..models import GateSwitch, Transaction
from . import memory

KIND = "gate"
LONGEST = timedelta(days=366)
# What is asked before something is opened further, and again and again afterwards: name → what is wrong, in words, or
# nothing. Whoever knows how adds to it (maintenance/gate_checks.py).
checks: dict[str, Callable[[datetime], str]] = {}


def what_closes(
    operation: Operation,
    *,
    now: datetime,
    service: str | None = None,
    offices: Collection[str] = (),
    lot: str = "",
) -> Gate | None:
    """The gate that keeps an operation closed, or None."""
    return closed_by(memory.known().gates, operation, now=now, service=service, offices=offices, lot=lot)


def refuse_if_closed(
    operation: Operation,
    *,
    now: datetime,
    service: str | None = None,
    offices: Collection[str] = (),
    lot: str = "",
) -> None:
    """OperationClosed, with the reason, while a gate keeps it closed."""
    gate = what_closes(operation, now=now, service=service, offices=offices, lot=lot)
    if gate is not None:
        raise OperationClosed(refusal(operation, gate, now), kind=gate.kind)


def refuse_move(
    case: Transaction, move: str, *, now: datetime, at_counter: bool = False, acting: int | None = None
) -> None:
    """The same of a move of the table on a case, at the office that has it and the one that acts."""
    if refused := move_refusal(case, move, now=now, at_counter=at_counter, acting=acting):
        raise OperationClosed(refused[0], kind=refused[1])


def move_refusal(
    case: Transaction, move: str, *, now: datetime, at_counter: bool = False, acting: int | None = None
) -> tuple[str, str] | None:
    """Why a gate keeps this move closed, in words, and the gate's kind; None while none does."""
    operation = OF_MOVE[move]
    if operation is None:
        return None
    where = codes(case.held_by_id, acting)
    for part in (operation, Operation.COUNTERS) if at_counter else (operation,):
        gate = what_closes(part, now=now, service=case.service, offices=where, lot=case.reference)
        if gate is not None:
            return refusal(part, gate, now), gate.kind
    return None


def refuse_inquiry(case: Transaction, now: datetime) -> None:
    """The same of being told about a case."""
    where = codes(case.held_by_id)
    refuse_if_closed(Operation.INQUIRY, now=now, service=case.service, offices=where, lot=case.reference)


def codes(*keys: int | None) -> frozenset[str]:
    """The codes of these offices; only looked up while there is a gate at all."""
    return codes_of(*keys) if memory.known().gates else frozenset()


def codes_of(*keys: int | None) -> frozenset[str]:
    """The codes of these offices."""
    every = offices_by_pk()
    return frozenset(every[key].code for key in keys if key in every)


def refusal(operation: Operation, gate: Gate, now: datetime) -> str:
    """What whoever meets a closed gate is told."""
    reason = gate.reason_en if get_language() == "en" else gate.reason_ar
    if gate.until is not None and now >= gate.until:
        reason = _("The permission to open it has expired.")
    if not reason:
        reason = _("Its setting could not be read.")
    message = _("Closed at the moment: %(what)s. %(reason)s Nothing was changed, and what you have entered is kept.")
    return message % {"what": operation.label, "reason": reason}


# -- setting ---------------------------------------------------------------------------------------------------


def is_promotion(switch: GateSwitch, now: datetime) -> bool:
    """Does this open anything further than it is now? Then it takes two people."""
    before = next(
        (row for row in memory._last_switches() if row.covers == switch.covers),
        None,
    )
    if before is None:
        return False  # nothing was closed here
    stood = SAFE if before.expires_at and before.expires_at <= now else GateState(before.state)
    wants, has = ORDER.index(GateState(switch.state)), ORDER.index(stood)
    longer = before.expires_at is not None and (switch.expires_at is None or switch.expires_at > before.expires_at)
    more = stood is GateState.SOME and switch.share > before.share
    return wants > has or (wants == has and (more or (longer and wants > ORDER.index(SAFE))))


def set_gate(switch: GateSwitch, *, reason: str, by: User | None, now: datetime | None = None) -> GateSwitch | Proposal:
    """Close at once, or propose to open; ValidationError for a scope, state or end there cannot be, and for checks
    that are not in order.
    """
    now = now or timezone.now()
    validate(switch, now)
    if by is not None and not is_administrator(by):
        raise ValidationError(_("Only an administrator can do this."))
    with transaction.atomic():
        if is_promotion(switch, now):
            refuse_unless_in_order(now)
            facts = _facts(switch)
            same = ":".join([*switch.covers, switch.state, str(switch.share), str(facts["expires_at"])])
            return four_eyes.propose(Proposal.Kind.GATE, same, facts, reason=reason, by=by, now=now)
        return _write(switch, by=by, confirmed_by=None, now=now)


def refuse_unless_in_order(now: datetime) -> None:
    """ValidationError with all that the checks find wrong."""
    if wrong := [message for check in checks.values() if (message := check(now))]:
        raise ValidationError([_("This cannot be opened yet:"), *wrong])


@four_eyes.carries_out(Proposal.Kind.GATE)
def _open(proposal: Proposal, by: User | None, now: datetime) -> None:
    switch = _of_facts(proposal.facts or {})
    validate(switch, now)
    refuse_unless_in_order(now)
    _write(switch, by=proposal.proposed_by, confirmed_by=four_eyes.second(proposal, by), now=now)


@four_eyes.describes(Proposal.Kind.GATE)
def describe(proposal: Proposal) -> list[str]:
    """What is proposed, line by line."""
    return in_words(_of_facts(proposal.facts or {}))


def in_words(switch: GateSwitch) -> list[str]:
    """A gate as people read it."""
    service = service_types.find(switch.service) if switch.service else None
    office = office_by_code(switch.office)
    scope = " · ".join(
        [
            str(service.title) if service else _("All services"),
            office.name if office else _("All offices"),
            str(Operation(switch.operation).label) if switch.operation else _("All operations"),
        ]
    )
    share = f" ({switch.share}%)" if switch.state == GateState.SOME else ""
    return [scope, f"{GateState(switch.state).label}{share}", switch.reason_ar, switch.reason_en]


def demote(now: datetime) -> int:
    """Close to the safe side what was opened part by part, where a check is out of order now; returns how many gates.

    Only gates somebody set to SOME or ALL are watched: where no gate was ever set, nothing is being tried out.
    """
    watched = [row for row in memory._last_switches() if row.state in (GateState.SOME, GateState.ALL)]
    if not watched:
        return 0
    wrong = [message for check in checks.values() if (message := check(now))]
    if not wrong:
        return 0
    for row in watched:
        closed = GateSwitch(
            service=row.service, office=row.office, operation=row.operation, state=SAFE, cause=GateSwitch.Cause.BREACH,
            reason_ar="أوقفت البوابة هذا العمل من تلقاء نفسها لأن فحصًا لم ينجح.",
            reason_en="The portal stopped this work by itself because a check failed.",
        )  # fmt: skip
        with transaction.atomic():
            _write(closed, by=None, confirmed_by=None, now=now)
    return len(watched)


def validate(switch: GateSwitch, now: datetime) -> None:
    """ValidationError, by field, for a scope, state or end there cannot be."""
    switch.clean_fields(exclude=["at", "set_by", "confirmed_by"])
    wrong: dict[str, str] = {}
    if switch.service and service_types.find(switch.service) is None:
        wrong["service"] = _("There is no such service.")
    if switch.office and office_by_code(switch.office) is None:
        wrong["office"] = _("There is no such office.")
    if switch.operation and switch.operation not in Operation:
        wrong["operation"] = _("There is no such operation.")
    if switch.share > 100:
        wrong["share"] = _("A share is a percentage from 0 to 100.")
    if switch.expires_at is not None and not now < switch.expires_at <= now + LONGEST:
        wrong["expires_at"] = _("Choose a moment within the next year.")
    if wrong:
        raise ValidationError(wrong)


def _write(switch: GateSwitch, *, by: User | None, confirmed_by: User | None, now: datetime) -> GateSwitch:
    """Inside a transaction: the row, and its entry in the journal."""
    take_lock("gates")
    switch.pk, switch.at = None, now
    switch.set_by, switch.confirmed_by = by, confirmed_by  # type: ignore[assignment]
    switch.save(force_insert=True)
    facts: dict[str, str | int] = {
        "service": switch.service, "office": switch.office, "operation": switch.operation, "state": switch.state,
        "share": switch.share, "until": second_of(switch.expires_at) if switch.expires_at else "",
        "cause": switch.cause,
    }  # fmt: skip
    memory.forget()
    transaction.on_commit(memory.forget)
    chain.append(KIND, f"gate-{switch.pk}", facts, now)
    return switch


_FIELDS = ("service", "office", "operation", "state", "share", "reason_ar", "reason_en")


def _facts(switch: GateSwitch) -> dict[str, Any]:
    expires = switch.expires_at.isoformat() if switch.expires_at else ""
    return {name: getattr(switch, name) for name in _FIELDS} | {"expires_at": expires}


def _of_facts(facts: dict[str, Any]) -> GateSwitch:
    message = {name: facts[name] for name in _FIELDS}
    expires = datetime.fromisoformat(facts["expires_at"]) if facts.get("expires_at") else None
    return GateSwitch(expires_at=expires, **message)
