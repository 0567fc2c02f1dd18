"""Versions of what was answered: the only writer of their table. A move makes one under the lock of its transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, cast

from accounts.models import User
from journal import chain
from journal.models import Entry
from municipality.models import District
from municipality.services import districts_by_code, offices_by_pk

from ..answers.comparison import differences
from ..domain.content import answers_hash
from ..domain.routing import OfficeFacts, decide_route
from ..domain.service_types import Stage
from ..models import AnswersVersion, Attachment, Event, Transaction
from .mover import Transition
from .outlines import keep_boxes

DISTRICT_FIELD = "district"


def district_of(values: Mapping[str, Any]) -> District | None:
    """The district these answers name, if it is on a list."""
    return districts_by_code().get(values.get(DISTRICT_FIELD, ""))


def put_in_force(transition: Transition, values: dict[str, Any], *, replaced: Collection[Attachment] = ()) -> None:
    """The next version, before the move is finished: what it changes of the file goes with the move's own changes.

    Due dates follow from it. A new district is written down and moves nothing: whoever holds the file decides whether
    to refer it. A stage before the present one that only the new answers ask for is where the file goes.
    """
    case = transition.case
    keep_first(case.events.filter(seq=1))
    transition.missed_stage = _first_missed_stage(case, values)
    before, after = _branch(case, case.answers), _branch(case, values)
    if before != after:
        transition.facts["belongs_to"] = after
    changes = differences(case.service_type, case.answers, values)
    case.answers, case.answers_version = values, case.answers_version + 1
    case.district = district_of(values)
    transition.facts.update(answers_version=case.answers_version, changes=changes)
    if replaced:
        transition.facts["replaced"] = sorted(str(file.key) for file in replaced)
        put_aside = Attachment.objects.filter(pk__in=[file.pk for file in replaced])
        put_aside.update(replaced_in=case.answers_version)


def _first_missed_stage(case: Transaction, values: Mapping[str, Any]) -> Stage | None:
    service = case.service_type
    gone_through = {stage.code for stage in service.stages_for(case.answers)}
    earlier = {stage.code for stage in service.stages_before(case.stage)}
    return next((s for s in service.stages_for(values) if s.code in earlier and s.code not in gone_through), None)


def _branch(case: Transaction, values: Mapping[str, Any]) -> str:
    """The office that decides a request with these answers, by the rules of routing; asks nothing."""
    known = offices_by_pk()
    facts = {
        office.code: OfficeFacts(
            office.code, office.suspended, known[office.fallback_id].code if office.fallback_id else None
        )
        for office in known.values()
    }
    district = district_of(values)
    home = known.get(district.sub_municipality_id) if district and district.sub_municipality_id else None
    decision = decide_route(
        rules=case.service_type.routing_rules,
        answers=values,
        district=district.code if district else None,
        district_branch=home.code if home else None,
        offices=facts,
        centres={},
    )
    return decision.branch


def save_version(transition: Transition, kind: str) -> Entry:
    """Write the version in force down, and its entry (`answered`, `corrected`) in the journal, which is returned. After
    the move is finished, last in its transaction.
    """
    case = transition.case
    AnswersVersion.objects.create(
        transaction=case,
        number=case.answers_version,
        answers=case.answers,
        by=cast(User, transition.by),  # these are moves of people
        at=transition.now,
        event=transition.event,
    )
    keep_boxes([case])
    files = list(case.attachments.in_force().values_list("sha256", flat=True))
    facts: dict[str, str | int] = {
        "service": case.service,
        "event": case.version,
        "version": case.answers_version,
        "content": answers_hash(case.mark_salt, case.answers, files),
        "files": len(files),
    }
    return chain.append(kind, case.reference, facts, transition.now)


def keep_first(received: Iterable[Event]) -> None:
    """Write the first version down of those of these locked requests, named by their first events, that have none:
    until then it stands on the request alone.
    """
    events = {event.transaction_id: event for event in received}
    stored = set(AnswersVersion.objects.filter(transaction__in=events).values_list("transaction", flat=True))
    first = [_first(event.transaction, event) for key, event in events.items() if key not in stored]
    AnswersVersion.objects.bulk_create(first)


def versions_of(case: Transaction) -> list[AnswersVersion]:
    """Every version with its event, the first also before it has been written down."""
    written = list(case.versions.select_related("event"))
    return written or [_first(case, event) for event in case.events.filter(seq=1)]


def _first(case: Transaction, received: Event) -> AnswersVersion:
    """What was answered when a request was received, not written, of one whose answers were not changed since."""
    return AnswersVersion(
        transaction=case,
        number=case.answers_version,
        answers=case.answers,
        by_id=received.actor_id or case.applicant_id,
        at=received.at,
        event=received,
    )
