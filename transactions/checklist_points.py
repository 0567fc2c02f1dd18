"""The checklists in force: the points services bring along, as administrators have changed them for later requests.

A change holds for requests received from the day after it was made or confirmed (in the last hour of a day, from the
one after that); those received before keep the list of their day. What adds to a control takes one administrator. What
may take from it, other words or none, takes two.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts import four_eyes
from accounts.access import is_administrator
from accounts.models import Proposal, User
from core.cache import Remembered
from core.db.locks import take_lock
from core.text import prose

from .domain import service_types
from .domain.checkpoints import CheckPoint
from .domain.errors import DomainError, Invalid, NotVisible, Problem
from .domain.service_types import ServiceType, Stage
from .domain.text_length import validate_text_length
from .domain.workflow import MoveName
from .models import PointVersion

Kind = Proposal.Kind
# How old what a process remembers may be. A change begins later than that after it was made.
CACHE_SECONDS = 600
MIN_NOTICE = timedelta(hours=1)
MAX_POINTS = 60  # of one stage
ADDED = "added"
LANGUAGES = ("ar", "en")


def _read() -> dict[str, tuple[PointVersion, ...]]:
    """All versions, oldest first, by service; one query."""
    rows: dict[str, list[PointVersion]] = {}
    for row in PointVersion.objects.order_by("number"):
        rows.setdefault(row.service, []).append(row)
    return {service: tuple(versions) for service, versions in rows.items()}


remembered = Remembered(_read, lambda: CACHE_SECONDS)


def points_on(service: ServiceType, day: date) -> tuple[CheckPoint, ...]:
    """The points for requests of this service received on a day. No query, but when a process reads them anew."""
    versions = remembered().get(service.code, ())
    latest = {(row.stage, row.code): row for row in versions if row.valid_from <= day}
    if not latest:
        return service.checklist
    points = []
    for point in service.checklist:
        changed = [latest.pop((stage, point.code)) for stage in point.stages if (stage, point.code) in latest]
        unchanged = tuple(stage for stage in point.stages if stage not in {row.stage for row in changed})
        if unchanged:
            points.append(replace(point, stages=unchanged))
        points += [_as_point(row, point) for row in changed if not row.ended]
    return (*points, *(_as_point(row) for row in latest.values() if not row.ended))


def _as_point(row: PointVersion, known: CheckPoint | None = None) -> CheckPoint:
    point = known or CheckPoint(row.code, row.words, (row.stage,))
    return replace(point, words=row.words, stages=(row.stage,), about=tuple(row.about))


# -- for those who change them ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class EditablePoint:
    """A point of a stage as it is for requests received from `valid_from` on (None: as the service brings it), with
    its versions and the proposal that waits.
    """

    point: CheckPoint
    stage: str
    versions: Sequence[PointVersion]
    waiting: Proposal | None

    @property
    def latest(self) -> PointVersion | None:
        return self.versions[-1] if self.versions else None

    @property
    def version(self) -> int:
        """The number of its latest version; 0 is that of the catalogue."""
        return self.latest.number if self.latest else 0

    @property
    def is_ended(self) -> bool:
        return self.latest is not None and self.latest.ended

    def words(self, language: str) -> str:
        """As they are in one language."""
        if self.latest:
            return self.latest.words_ar if language == "ar" else self.latest.words_en
        return _catalogue_words(self.point)[language]


def _catalogue_words(point: CheckPoint) -> dict[str, str]:
    words = {}
    for language in LANGUAGES:
        with translation.override(language):
            words[language] = str(point.words)
    return words


def as_in_the_catalogue(service: ServiceType, stage: str, code: str) -> dict[str, str]:
    """The words the service brings along, by language; empty for a point that was added here."""
    own = next((each for each in service.checklist if each.code == code and stage in each.stages), None)
    return _catalogue_words(own) if own else {}


def stages_with_points(service: ServiceType) -> list[Stage]:
    """Those at which somebody studies or decides."""
    return [stage for stage in service.stages if stage.finish in (MoveName.RECOMMEND, MoveName.APPROVE)]


def editable_everywhere() -> list[tuple[ServiceType, list[tuple[Stage, list[EditablePoint]]]]]:
    """Every service with its stages and their points. Two queries."""
    versions, proposals = _read(), _proposed()
    return [
        (
            service,
            [
                (stage, _editable(service, stage.code, versions.get(service.code, ()), proposals))
                for stage in stages_with_points(service)
            ],
        )
        for service in service_types.all_services()
    ]


def editable(service: ServiceType, stage: str) -> list[EditablePoint]:
    """The points of a stage, those of the service first; ended ones too. Two queries."""
    versions = PointVersion.objects.filter(service=service.code, stage=stage).order_by("number")
    return _editable(service, stage, versions, _proposed())


def _editable(
    service: ServiceType, stage: str, versions: Iterable[PointVersion], proposals: Sequence[Proposal]
) -> list[EditablePoint]:
    rows: dict[str, list[PointVersion]] = {}
    for row in versions:
        if row.stage == stage:
            rows.setdefault(row.code, []).append(row)
    waiting = _waiting(service.code, stage, proposals)
    own = {point.code: point for point in service.checklist if stage in point.stages}
    added = {code: _as_point(versions[-1]) for code, versions in rows.items() if code not in own}
    return [
        EditablePoint(
            _as_point(rows[code][-1], point) if code in rows else point, stage, rows.get(code, ()), waiting.get(code)
        )
        for code, point in {**own, **added}.items()
    ]


def _proposed() -> list[Proposal]:
    """Changes that wait for a second administrator."""
    waiting = Proposal.objects.filter(kind=Kind.CHECKLIST, outcome=Proposal.Outcome.WAITING)
    return list(waiting.filter(expires_at__gt=timezone.now()))


def _waiting(service: str, stage: str, proposals: Iterable[Proposal]) -> dict[str, Proposal]:
    """Those about a stage, by the code of the point."""
    facts = [(row, row.facts or {}) for row in proposals]
    return {
        str(known.get("code")): row
        for row, known in facts
        if (known.get("service"), known.get("stage")) == (service, stage)
    }


def get_point(service: ServiceType, stage: str, code: str) -> EditablePoint:
    """One of them; NotVisible for what is not on the list."""
    match = next((each for each in editable(service, stage) if each.point.code == code), None)
    if match is None:
        raise NotVisible
    return match


def things(service: ServiceType) -> list[tuple[str, Any]]:
    """The questions and documents a point can be about, with their names."""
    asked = [(spec.name, spec.label) for spec in service.fields()]
    return asked + [(document.code, document.label) for document in service.documents]


@transaction.atomic
def change(
    service: ServiceType,
    stage: str,
    code: str,
    *,
    words: Mapping[str, str],
    about: Collection[str] = (),
    ended: bool = False,
    reason: str,
    version: int | None,
    by: User,
    now: datetime | None = None,
) -> Proposal | None:
    """Propose other words for a point, that it is about other things, or that it ends or holds again. `version` is the
    one that was looked at. None when nothing is different. The same proposed twice is one proposal.

    Invalid names everything wrong; NotVisible for whoever may not, or a point there is not; DomainError
    `changed_meanwhile`; AccountError as of four_eyes.
    """
    now = now or timezone.now()
    _require_administrator(by)
    point = get_point(service, stage, code)
    written = _written(words)
    _refuse(_problems(service, written, about, reason))
    if point.version != version:
        message = _("This point was changed after you opened it. Look at it again, then propose your change.")
        raise DomainError("changed_meanwhile", message)
    about = _in_order(service, about)
    before = {language: point.words(language) for language in LANGUAGES}
    if (written, about, ended) == (before, _in_order(service, point.point.about), point.is_ended):
        return None
    facts = {"service": service.code, "stage": stage, "code": code, "number": point.version + 1}
    facts |= {"about": about, "ended": ended, **{f"words_{language}": text for language, text in written.items()}}
    waiting = _waiting(service.code, stage, _proposed()).get(code)
    if waiting is not None and waiting.facts != facts:
        message = _("Another change of this point is waiting for a second administrator. It has to be answered first.")
        raise DomainError("change_waits", message)
    what = f"{service.code[:24]}:{stage[:24]}:{code[:24]}:{point.version + 1}"
    return four_eyes.propose(Kind.CHECKLIST, what, facts, reason=reason, by=by, now=now)


@transaction.atomic
def add(
    service: ServiceType,
    stage: str,
    *,
    words: Mapping[str, str],
    about: Collection[str] = (),
    reason: str,
    by: User,
    now: datetime | None = None,
) -> PointVersion:
    """Add a point to a stage, by one administrator. The same words sent twice are one point. Errors as of `change`."""
    now = now or timezone.now()
    _require_administrator(by)
    if stage not in {each.code for each in stages_with_points(service)}:
        raise NotVisible
    written = _written(words)
    problems = _problems(service, written, about, reason)
    take_lock(f"checklist:{service.code}:{stage}")
    there = editable(service, stage)
    if len(there) >= MAX_POINTS:
        message = _("A stage has at most %(most)d points. Change one, or end some.") % {"most": MAX_POINTS}
        problems.append(Problem("words_ar", message, "too_many"))
    _refuse(problems)
    for each in there:
        if each.latest and not each.is_ended and {lang: each.words(lang) for lang in LANGUAGES} == written:
            return each.latest
    number = 1 + sum(1 for each in there if each.point.code.startswith(f"{ADDED}-"))
    facts: dict[str, Any] = {f"words_{language}": text for language, text in written.items()}
    facts |= {"service": service.code, "stage": stage, "code": f"{ADDED}-{number}", "number": 1}
    return _write(facts | {"about": _in_order(service, about)}, reason=prose(reason), by=by, confirmed_by=None, now=now)


def _require_administrator(by: User) -> None:
    if not is_administrator(by):
        raise NotVisible


def _written(words: Mapping[str, str]) -> dict[str, str]:
    return {language: prose(words.get(language, "")) for language in LANGUAGES}


def _in_order(service: ServiceType, about: Iterable[str]) -> list[str]:
    chosen = set(about)
    return [name for name, _label in things(service) if name in chosen]


def _problems(service: ServiceType, written: Mapping[str, str], about: Collection[str], reason: str) -> list[Problem]:
    problems = []
    for language, text in written.items():
        box = f"words_{language}"
        if not text:
            problems.append(Problem(box, _("Write the point in both languages."), "required"))
        problems += validate_text_length(box, text)
    if set(about) - {name for name, _label in things(service)}:
        problems.append(Problem("about", _("Choose from the questions and documents of this service."), "unknown_name"))
    if not prose(reason):
        problems.append(Problem("reason", _("Give the reason."), "required"))
    problems += validate_text_length("reason", prose(reason))
    return problems


def _refuse(problems: Sequence[Problem]) -> None:
    if problems:
        raise Invalid(problems)


def _write(
    facts: Mapping[str, Any], *, reason: str, by: User | None, confirmed_by: User | None, now: datetime
) -> PointVersion:
    names = ("service", "stage", "code", "number", "words_ar", "words_en", "about")
    row = PointVersion.objects.create(
        **{name: facts[name] for name in names},
        ended=bool(facts.get("ended")),
        valid_from=timezone.localdate(now + MIN_NOTICE) + timedelta(days=1),
        reason=reason,
        by=by,
        confirmed_by=confirmed_by,
        at=now,
    )
    remembered.forget()
    transaction.on_commit(remembered.forget)
    return row


@four_eyes.carries_out(Kind.CHECKLIST)
def _carry_out(proposal: Proposal, by: User | None, now: datetime) -> None:
    facts = proposal.facts or {}
    take_lock(f"checklist:{facts['service']}:{facts['stage']}")
    same = PointVersion.objects.filter(service=facts["service"], stage=facts["stage"], code=facts["code"])
    if same.filter(number__gte=facts["number"]).exists():
        raise ValidationError(_("This point was changed meanwhile. Refuse this proposal and make a new one."))
    second = four_eyes.second(proposal, by)
    _write(facts, reason=proposal.reason, by=proposal.proposed_by, confirmed_by=second, now=now)


@four_eyes.describes(Kind.CHECKLIST)
def _describe(proposal: Proposal) -> list[str]:
    """What is proposed, line by line: where, the words as they are and as they would be, what they are about."""
    facts = proposal.facts or {}
    service = service_types.find(facts.get("service", ""))
    if service is None:
        return [str(facts.get("words_ar", "")), str(facts.get("words_en", ""))]
    stage = next((stage for stage in service.stages if stage.code == facts["stage"]), None)
    lines = [f"{service.title} · {stage.title if stage else facts['stage']}"]
    before = next((each for each in editable(service, facts["stage"]) if each.point.code == facts["code"]), None)
    if before is not None:
        lines += [_("Now: %(words)s") % {"words": before.words(language)} for language in LANGUAGES]
    if facts.get("ended"):
        return [*lines, _("It would no longer be asked.")]
    lines += [_("Then: %(words)s") % {"words": facts[f"words_{language}"]} for language in LANGUAGES]
    names = dict(things(service))
    about = _(", ").join(str(names[name]) for name in facts.get("about", ()) if name in names)
    return [*lines, _("About: %(names)s") % {"names": about}] if about else lines
