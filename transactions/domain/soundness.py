"""What in the declaration of a service does not fit together, found out when it is registered. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING

from .checkpoints import MAX_CODE_LENGTH
from .conditions import And, Condition, Greater, Less, Not, OneOf, Or
from .questions import Field, Group, Kind
from .workflow import BY_NAME, MoveName, Status, Target

if TYPE_CHECKING:
    from .service_types import ServiceType


def tariffs_taken(service: ServiceType, known: Collection[str]) -> Iterator[str]:
    """Tariffs are kept by their codes, so each is of one service."""
    for kind in service.fee.tariffs if service.fee else ():
        if kind.code in known:
            yield f"tariff {kind.code!r} is another service's"
        if not kind.low <= kind.rate <= kind.high:
            yield f"tariff {kind.code!r} begins with a rate outside its own bounds"


_NUMBERS = (Kind.DECIMAL, Kind.INTEGER)


def faults(service: ServiceType) -> Iterator[str]:
    """A sentence for each fault, for whoever writes a catalogue file."""
    if not service.applicants:
        yield "nobody can ask for it"
    yield from _twice(service)
    yield from _conditions(service)
    yield from _fields(service)
    yield from _deficiencies(service)
    yield from _checklist(service)
    yield from _stages(service)
    asked = {spec.name for spec in service.fields() if isinstance(spec, Field)}
    for name in service.output.figures:
        if name not in asked:
            yield f"its paper shows {name!r}, which is no question"
    yield from _referrals(service)
    yield from _plot(service)


def _plot(service: ServiceType) -> Iterator[str]:
    """The geometry is held by questions of its own kind."""
    if (plot := service.plot) is None:
        return
    asked = {spec.name: spec for spec in service.fields()}
    group = asked.get(plot.parts)
    inner = {spec.name: spec for spec in group.fields} if isinstance(group, Group) else {}
    if plot.parts and not inner:
        yield f"its parts are in {plot.parts!r}, which is no group"
    for name, known in ((plot.corners, asked), (plot.part_corners, inner)):
        spec = known.get(name)
        if name and (not isinstance(spec, Field) or spec.kind is not Kind.CORNERS):
            yield f"its geometry is in {name!r}, which asks for no corners"
    for name, known in (
        (plot.area, asked),
        (plot.frontage, asked),
        (plot.part_area, inner),
        (plot.part_frontage, inner),
    ):
        spec = known.get(name)
        if name and (not isinstance(spec, Field) or spec.kind not in _NUMBERS):
            yield f"its geometry is compared with {name!r}, which is no number"


def _referrals(service: ServiceType) -> Iterator[str]:
    asked = {spec.name for spec in service.fields()}
    for referral in service.referrals:
        for name in referral.answers:
            if name not in asked:
                yield f"referral {referral.code!r} tells of {name!r}, which is no question"


def _twice(service: ServiceType) -> Iterator[str]:
    named = {
        "step": [step.code for step in service.steps],
        "question or document": [
            *(spec.name for spec in service.fields()), *(document.code for document in service.documents)
        ],
        "stage": [stage.code for stage in service.stages],
        "deficiency": [entry.code for entry in service.deficiencies],
        "point of the checklist": [point.code for point in service.checklist],
        "routing rule": [rule.id for rule in service.routing_rules],
        "referral": [referral.code for referral in service.referrals],
    }  # fmt: skip
    for what, codes in named.items():
        yield from (f"{what} {code!r} is there twice" for code, many in Counter(codes).items() if many > 1)


def _conditions(service: ServiceType) -> Iterator[str]:
    """A question may depend on those of its own page and before it, anything else on all of them."""
    asked: dict[str, Field | Group] = {}
    for step in service.steps:
        asked |= {spec.name: spec for spec in step.fields}
        for spec in step.fields:
            yield from _condition(f"question {spec.name!r}", spec.when, asked)
    others = (
        *((f"document {document.code!r}", document.when) for document in service.documents),
        *((f"stage {stage.code!r}", stage.when) for stage in service.stages),
        *((f"routing rule {rule.id!r}", rule.when) for rule in service.routing_rules),
        *((f"point {point.code!r} of the checklist", point.when) for point in service.checklist),
    )
    for what, when in others:
        yield from _condition(what, when, asked)


def _condition(what: str, when: Condition | None, asked: dict[str, Field | Group]) -> Iterator[str]:
    for part in _plain(when):
        (name,) = part.names
        spec = asked.get(name)
        if not isinstance(spec, Field):
            yield f"{what} depends on {name!r}, which is no question asked by then"
        elif (
            isinstance(part, OneOf) and spec.choices and (odd := set(part.values) - {code for code, _ in spec.choices})
        ):
            yield f"{what} depends on {name!r} being {', '.join(map(repr, sorted(odd)))}, which cannot be chosen"
        elif isinstance(part, Greater | Less) and spec.kind not in _NUMBERS:
            yield f"{what} compares {name!r}, which is no number"


def _plain(when: Condition | None) -> Iterable[Condition]:
    match when:
        case None:
            return ()
        case And(parts=parts) | Or(parts=parts):
            return [plain for part in parts for plain in _plain(part)]
        case Not(part=part):
            return _plain(part)
        case _one:
            return (_one,)


def _fields(service: ServiceType) -> Iterator[str]:
    for spec in service.fields():
        for field in spec.fields if isinstance(spec, Group) else (spec,):
            if not isinstance(field.kind, Kind):
                yield f"question {field.name!r} is of no kind there is: {field.kind!r}"
            elif (field.kind in _CHOSEN) != bool(field.choices):
                yield f"question {field.name!r} has choices and is of another kind, or has none to choose from"
            if field.low is not None and field.high is not None and field.low > field.high:
                yield f"question {field.name!r} has a lower bound above its upper one"


_CHOSEN = frozenset({Kind.CHOICE, Kind.MULTIPLE})


def _deficiencies(service: ServiceType) -> Iterator[str]:
    known = {spec.name for spec in service.fields()} | {document.code for document in service.documents}
    for entry in service.deficiencies:
        if strangers := sorted(set(entry.names) - known):
            yield f"deficiency {entry.code!r} is about {', '.join(map(repr, strangers))}, which is not asked for"


def _checklist(service: ServiceType) -> Iterator[str]:
    """Each point is about something that is asked, and belongs to stages where somebody studies or decides."""
    known = {spec.name for spec in service.fields()} | {document.code for document in service.documents}
    codes = {entry.code for entry in service.deficiencies}
    studied = {stage.code for stage in service.stages if stage.finish in (MoveName.RECOMMEND, MoveName.APPROVE)}
    for point in service.checklist:
        if strangers := sorted(set(point.about) - known):
            yield f"point {point.code!r} is about {', '.join(map(repr, strangers))}, which is not asked for"
        if point.deficiency and point.deficiency not in codes:
            yield f"point {point.code!r} leads to deficiency {point.deficiency!r}, which there is not"
        if not point.stages or set(point.stages) - studied:
            yield f"point {point.code!r} belongs to a stage at which nobody studies or decides, or to none"
        if len(point.code) > MAX_CODE_LENGTH:
            yield f"the code of point {point.code!r} has more than {MAX_CODE_LENGTH} characters"


def _stages(service: ServiceType) -> Iterator[str]:
    """It begins in the register, and every way through its stages ends with one that closes it."""
    if len(service.stages) < 2:
        yield "it needs a registration and a study at least"
        return
    if service.stages[0].finish is not MoveName.REGISTER or service.stages[0].when is not None:
        yield "its first stage must be the registration, for every answer"
    decided = [stage for stage in service.stages if stage.finish is MoveName.APPROVE]
    if not decided or decided[-1].when is not None:
        yield "somebody must decide on it, for every answer"
    *before, last = service.stages
    if last.finish is None or BY_NAME[last.finish].target is Target.NEXT_STAGE or last.when is not None:
        yield "its last stage must close it, for every answer"
    for stage in before:
        if stage.finish is None or BY_NAME[stage.finish].target is not Target.NEXT_STAGE:
            yield f"stage {stage.code!r} leads to no other and is not the last"
    if service.fee is not None and not service.fee.tariffs:
        yield "its fee asks for no tariff"
    pays = any(stage.status is Status.AWAITING_PAYMENT for stage in service.stages)
    if pays != (service.fee is not None):
        yield "a fee and a stage to pay it in belong together"
