"""The checklist on the case page: what is open, what was said of each point and by whom, and the press."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from django.http import HttpRequest, QueryDict
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.access import current_user
from accounts.models import User
from core.text import parse_int

from ..domain.service_types import Flag
from ..models import Attachment, Check, Event, Transaction
from ..transitions import checklist
from ..transitions.checklist import Line
from .history import checks_of
from .move_forms import other_language

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True)
class StageLines:
    """The points of an earlier stage, as they were left."""

    title: StrOrPromise
    lines: list[Line]

    @property
    def settled(self) -> int:
        return sum(1 for line in self.lines if line.is_settled)


@dataclass(frozen=True)
class Checklist:
    """What the page shows. `now` are the points that can be pressed, `earlier` the others of stages before; `asks` what
    the return form is filled with; `against` says what stands against the move `finish`, if anything.
    """

    now: list[Line] = field(default_factory=list)
    earlier: list[StageLines] = field(default_factory=list)
    may_press: bool = False
    may_ask: bool = False
    may_leave_out: bool = False
    asks: list[Line] = field(default_factory=list)
    finish: str = ""
    against: str = ""
    is_folded: bool = False

    @property
    def settled(self) -> int:
        return sum(1 for line in self.now if line.is_settled)


def shown(
    case: Transaction,
    user: User,
    sent: Iterable[Attachment],
    flags: Sequence[Flag],
    events: Sequence[Event],
    *,
    wanted: bool,
) -> Checklist:
    """The checklist of a case for this person; one query, none for a service without points. That of a closed case is
    read when it is `wanted`: its history says how many points were ticked.
    """
    if not checklist.points_of(case):
        return Checklist()
    if case.closed_at and not wanted:
        return Checklist(is_folded=True)
    so_far = checklist.stages_so_far(case)
    files = [(file.document, file.sha256) for file in sent if file.replaced_in is None]
    lines = checklist.read(case, so_far, files=files, checks=checks_of(case), flags=flags)
    present = checklist.pressable(case, lines)
    before = [
        StageLines(case.service_type.stage(stage).title, of_stage)
        for stage in so_far[:-1]
        if (of_stage := [line for line in lines if line.stage == stage and line not in present])
    ]
    finish = str(case.current_stage.finish or "")
    may_press = checklist.may_press(user, case)
    open_lines = checklist.stands_against(case, finish, user, lines)
    returned = max((event.at for event in events if event.move == "return"), default=None)
    return Checklist(
        now=present,
        earlier=before,
        may_press=may_press,
        may_ask=checklist.may_ask(user, case),
        may_leave_out=bool(checklist.stands_against(case, finish, None, lines)) and checklist.may_leave_out(user, case),
        asks=[line for line in present if line.is_deficient and _is_unasked(line.check, returned)],
        finish=finish,
        against=checklist.in_words(open_lines) if open_lines else "",
    )


def _is_unasked(check: Check | None, returned: datetime | None) -> bool:
    return check is not None and (returned is None or check.at > returned)


def return_form(case: Transaction, asks: Iterable[Line]) -> QueryDict:
    """What deficient points fill the form of a return with, as if it had been typed."""
    filled, own = QueryDict(mutable=True), 0
    known = {entry.code for entry in case.service_type.deficiencies}
    names = {spec.name for spec in case.service_type.fields()} | {
        document.code for document in case.service_type.documents
    }
    for line in asks:
        if line.point.deficiency in known:
            if line.point.deficiency not in filled.getlist("deficiency"):
                filled.appendlist("deficiency", line.point.deficiency)
            continue
        own += 1
        for language, box in ((case.language, f"own-{own}"), (other_language(case), f"own-{own}-other")):
            with translation.override(language):
                words = _("Not as required: %(point)s. Correct or complete it.")
                filled[box] = words % {"point": line.point.words}
        filled.setlist(f"opens-{own}", [name for name in line.point.about if name in names])
    return filled


def pressed(case: Transaction, request: HttpRequest) -> str:
    """One press of the checklist's form; returns what is said of it. DomainError as of the service."""
    user, stage = current_user(request), request.POST.get("stage", "")
    seen = parse_int(request.POST.get("answers", "")) or 0  # a page that does not say what it showed showed nothing
    if request.POST.get("press") == "leave_out":
        reason = request.POST.get("reason", "")
        rows = checklist.leave_out(case, stage=stage, answers_version=seen, reason=reason, by=user)
        words = ngettext("%(n)d point was left out.", "%(n)d points were left out.", len(rows))
        return words % {"n": len(rows)} if rows else ""
    state, _colon, point = request.POST.get("press", "").partition(":")
    of, _slash, code = point.partition("/")
    checklist.press(case, stage=stage, answers_version=seen, of=of, code=code, state=state, by=user)
    return ""
