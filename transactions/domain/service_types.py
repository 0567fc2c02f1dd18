"""What a service is. One file in permits/catalogue declares each; pages, API and staff admin all read it. Pure.

A service is data: its questions, documents, stages, routing rules, fee and output. Code appears only where a
declaration cannot say it (checks across fields, the amount of a fee).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from accounts.assurance import Level, set_level_to_authorise

from . import kinds, soundness
from .checkpoints import CheckPoint as CheckPoint
from .conditions import And as And
from .conditions import Answered as Answered
from .conditions import Condition as Condition
from .conditions import Greater as Greater
from .conditions import Less as Less
from .conditions import Not as Not
from .conditions import OneOf as OneOf
from .conditions import Or as Or
from .errors import Problem
from .examples import Examples as Examples
from .limits import MAX_FILE_BYTES
from .output import Output as Output
from .outside import Body as Body
from .outside import Outcome as Outcome
from .outside import Referral as Referral
from .plots import PlotQuestions as PlotQuestions
from .questions import Answers as Answers
from .questions import Field as Field
from .questions import Group as Group
from .questions import Kind as Kind
from .questions import Step as Step
from .tariffs import Amount as Amount
from .tariffs import Fee as Fee
from .tariffs import TariffKind as TariffKind
from .workflow import BY_NAME, STAGE_ROLES, Actor, MoveName, Status

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


PHOTO = (kinds.JPEG, kinds.PNG, kinds.HEIC, kinds.WEBP)
PAPER = (kinds.PDF, *PHOTO, kinds.TIFF)
DRAWING = (kinds.PDF, kinds.DXF, kinds.DWG)


def accept_of(accepts: tuple[str, ...]) -> str:
    """What a file picker is told: types and, since many a system knows a drawing by that alone, endings."""
    return ",".join(part for kind in accepts for part in (kind, *kinds.ENDINGS[kind]))


@dataclass(frozen=True)
class Document:
    """A paper or drawing. `least` of zero makes it optional; `when` says for which answers it is asked at all.

    `good` says what a good one looks like, so that it need not come back.
    """

    code: str
    label: StrOrPromise
    hint: StrOrPromise = ""
    good: StrOrPromise = ""
    accepts: tuple[str, ...] = PAPER
    least: int = 1
    most: int = 3
    max_bytes: int = MAX_FILE_BYTES
    when: Condition | None = None

    @property
    def accept(self) -> str:
        """The kinds of file it takes, as the `accept` of a file picker."""
        return accept_of(self.accepts)

    @property
    def may_be_photographed(self) -> bool:
        """May it be what a device's camera gives?"""
        return kinds.JPEG in self.accepts

    @property
    def takes_photographed_pages(self) -> bool:
        """May several photographs be sent as one paper?"""
        return self.may_be_photographed and kinds.PDF in self.accepts


class Location(StrEnum):
    """Where a stage is done."""

    BRANCH = "branch"
    INFORMAL_AREAS = "INF"


@dataclass(frozen=True)
class SiteInspection:
    """What an inspection on site looks at, and how many photographs are taken of the place."""

    points: tuple[StrOrPromise, ...]
    least: int = 1
    most: int = 10


@dataclass(frozen=True)
class Stage:
    """One stage of work. `finish` is the move that ends it, None once the stage was dropped; `role` is who works it.

    `when` says for which answers the stage is gone through at all; `inspection` makes it one on site. TypeError and
    ValueError, at import, for a role that works no stage and for a move that does not end one in this status.
    """

    code: str
    title: StrOrPromise
    status: Status
    role: Actor
    working_days: int
    finish: MoveName | None
    location: Location = Location.BRANCH
    when: Condition | None = None
    inspection: SiteInspection | None = None

    def __post_init__(self) -> None:
        for value, kind in ((self.status, Status), (self.role, Actor), (self.finish or MoveName.ROUTE, MoveName)):
            if not isinstance(value, kind):
                raise TypeError(f"stage {self.code!r}: {value!r} is no {kind.__name__}")
        if self.role not in STAGE_ROLES:
            raise ValueError(f"stage {self.code!r}: {self.role!r} works no stage")
        move = BY_NAME[self.finish] if self.finish else None
        if move and not (move.forward and self.status in move.sources):
            raise ValueError(f"stage {self.code!r}: {self.finish!r} ends no stage that is {self.status!r}")
        if (self.finish is MoveName.INSPECT) != (self.inspection is not None):
            raise ValueError(f"stage {self.code!r}: an inspection ends with {MoveName.INSPECT!r} and says what it asks")


@dataclass(frozen=True)
class RoutingRule:
    """Sends a case to the central office for the answers that meet `when`."""

    id: str
    when: Condition
    reason: StrOrPromise

    def fires(self, answers: Answers) -> bool:
        return self.when(answers)


@dataclass(frozen=True)
class DeficiencyCode:
    """Something a reviewer may ask the applicant to complete; `about` is a document or question of the service.

    A return for it opens that for change, and `opens`: what has to change with it.
    """

    code: str
    sentence: StrOrPromise
    about: str = ""
    opens: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Every question and document it opens, what it is about first."""
        return tuple(dict.fromkeys(name for name in (self.about, *self.opens) if name))


class ApplicantKind(StrEnum):
    """What an applicant is, by their ID."""

    PERSON = "person"
    ESTABLISHMENT = "establishment"


class SubmittedBy(StrEnum):
    """Who prepares the file: the owner, or an engineering office the owner authorised."""

    OWNER = "owner"
    ENGINEERING_OFFICE = "engineering_office"


@dataclass(frozen=True)
class RuleSet:
    """Where a rule is written, in words, and the edition it was copied from."""

    code: str
    title: StrOrPromise


@dataclass(frozen=True)
class Flag:
    """Something a reviewer should look at, told to the applicant too. Advisory: a flag never refuses. `rule_set` says
    whose rule it is, `path` the answer it is about. A check that flags bears answers that are not all there yet.
    """

    code: str
    message: StrOrPromise
    rule_set: RuleSet
    path: str = ""


def _nothing_wrong(answers: Answers, today: date) -> Iterable[Problem]:
    return ()


def _nothing_to_flag(answers: Answers) -> Iterable[Flag]:
    return ()


@dataclass(frozen=True)
class Assured:
    """How sure the city must be of who the owner is, for each thing they do. A request taken at a counter brings the
    original ID along. Who is not known so well may still write a draft, and is told how to get there.
    """

    start: Level = Level.PHONE
    submit: Level = Level.PHONE
    authorise: Level = Level.COUNTER
    receive: Level = Level.COUNTER


@dataclass(frozen=True)
class ServiceType:
    """A service as its catalogue file declares it.

    One that `retired` is offered to nobody any more; requests already taken go on, and drafts of it say so.
    `icon` is a name of core/icons.py, shown beside the title. `plot` says which questions hold its geometry.
    """

    code: str
    title: StrOrPromise
    summary: StrOrPromise
    audience: StrOrPromise
    steps: tuple[Step, ...]
    documents: tuple[Document, ...]
    stages: tuple[Stage, ...]
    output: Output
    conditions: tuple[StrOrPromise, ...] = ()
    deficiencies: tuple[DeficiencyCode, ...] = ()
    routing_rules: tuple[RoutingRule, ...] = ()
    checklist: tuple[CheckPoint, ...] = ()
    fee: Fee | None = None
    submitted_by: SubmittedBy = SubmittedBy.OWNER
    applicants: frozenset[ApplicantKind] = frozenset(ApplicantKind)
    assured: Assured = Assured()
    referrals: tuple[Referral, ...] = ()
    check: Callable[[Answers, date], Iterable[Problem]] = _nothing_wrong
    flag: Callable[[Answers], Iterable[Flag]] = _nothing_to_flag
    examples: Examples | None = None
    icon: str = "file"
    plot: PlotQuestions | None = None
    retired: bool = False
    _stage_index: dict[str, int] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._stage_index.update({stage.code: index for index, stage in enumerate(self.stages)})

    def stage(self, code: str) -> Stage:
        """This stage; for one that was dropped while a file lay in it, a stage that its supervisor leads on from."""
        index = self._stage_index.get(code)
        return _dropped_stage(code) if index is None else self.stages[index]

    def stages_for(self, answers: Answers) -> tuple[Stage, ...]:
        """The stages a request with these answers goes through, in order."""
        return tuple(stage for stage in self.stages if stage.when is None or stage.when(answers))

    def stage_after(self, code: str, answers: Answers) -> Stage | None:
        later = self.stages[self._stage_index.get(code, 0) + 1 :]
        return next((stage for stage in later if stage.when is None or stage.when(answers)), None)

    def stages_before(self, code: str) -> tuple[Stage, ...]:
        """Every stage declared before this one, whatever was answered."""
        return self.stages[: self._stage_index.get(code, 0)]

    def stage_before(self, code: str, answers: Answers) -> Stage:
        """The stage a supervisor sends a file back to."""
        gone_through = [stage for stage in self.stages_before(code) if stage.when is None or stage.when(answers)]
        return gone_through[-1] if gone_through else self.first_study()

    def decision_after(self, code: str, answers: Answers) -> Stage | None:
        """The stage at which a file that is at this one is decided; None for a service that is offered no more."""
        later = (stage for stage in self.stages_for(answers) if stage not in self.stages_before(code))
        return next((stage for stage in later if stage.finish is MoveName.APPROVE), None)

    @property
    def inspects(self) -> bool:
        """Is there a stage on site?"""
        return any(stage.inspection is not None for stage in self.stages)

    def first_study(self) -> Stage:
        return self.stages[1]

    def working_days_for(self, answers: Answers) -> int:
        """The whole clock: the working days of every stage gone through."""
        return sum(stage.working_days for stage in self.stages_for(answers))

    @property
    def working_days(self) -> int:
        """The longest the whole may take."""
        return sum(stage.working_days for stage in self.stages)

    def fields(self) -> Iterable[Field | Group]:
        for step in self.steps:
            yield from step.fields

    def documents_for(self, answers: Answers) -> tuple[Document, ...]:
        return tuple(doc for doc in self.documents if doc.when is None or doc.when(answers))

    def document(self, code: str) -> Document | None:
        return next((doc for doc in self.documents if doc.code == code), None)

    def referral(self, code: str) -> Referral | None:
        return next((referral for referral in self.referrals if referral.code == code), None)

    def label_of(self, about: str) -> StrOrPromise:
        """The words for a document or question a deficiency is about; empty when it is about neither."""
        for part in (*self.documents, *self.fields()):
            if about in (getattr(part, "code", None), getattr(part, "name", None)):
                return part.label
        return ""


_registry: dict[str, ServiceType] = {}


def register(service: ServiceType) -> ServiceType:
    """Add a service; called once for each by permits.apps. ValueError says what in it does not fit together."""
    if service.code in _registry:
        raise ValueError(f"service {service.code!r} is registered twice")
    if wrong := [*soundness.faults(service), *soundness.tariffs_taken(service, tariff_kinds())]:
        raise ValueError(f"service {service.code!r}: " + "; ".join(wrong))
    _registry[service.code] = service
    set_level_to_authorise(
        service.code, service.assured.authorise if service.submitted_by is SubmittedBy.ENGINEERING_OFFICE else None
    )
    return service


def unregister(code: str) -> None:
    """Take a service out again (used by tests that add one of their own)."""
    del _registry[code]
    set_level_to_authorise(code, None)


def _dropped_stage(code: str) -> Stage:
    return Stage(code, _("A stage that is no longer used"), Status.UNDER_STUDY, Actor.SUPERVISOR, 0, None)


def _unknown(code: str) -> ServiceType:
    """What stands for a service whose catalogue file is gone: its requests are shown, nothing is asked or offered."""
    stages = (_dropped_stage("registration"), _dropped_stage("study"))
    title = _("A service that is no longer offered")
    output = Output("", title, "permits/outputs/base.html")
    return ServiceType(code, title, "", "", (), (), stages, output, retired=True)


def get(code: str) -> ServiceType:
    """The service of a stored request or draft, whatever became of it since."""
    return _registry.get(code) or _unknown(code)


def find(code: str) -> ServiceType | None:
    """The service somebody asks for; None when there is none of this code."""
    return _registry.get(code)


def all_services() -> tuple[ServiceType, ...]:
    """All services requests may be of, also those that are no longer offered."""
    return tuple(_registry.values())


def offered_services() -> tuple[ServiceType, ...]:
    """The services that take requests."""
    return tuple(service for service in _registry.values() if not service.retired)


def tariff_kinds() -> dict[str, TariffKind]:
    """Every rate a fee asks for, by its code."""
    return {kind.code: kind for service in all_services() if service.fee for kind in service.fee.tariffs}
