"""The checklist of a case: what is looked at now, what somebody pressed, and what stands against passing it on.

A press is no move: status, clock and version stay, so that nobody's page grows old by it, and every press is a row of
its own, so that two tabs lose none of each other's. Who may end the stage may press; a supervisor of the office may
leave open points out, with a reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Role, User
from core.text import prose

from .. import access
from ..checklist_points import points_on
from ..domain.checkpoints import CheckPoint
from ..domain.errors import DomainError, Invalid, NotVisible, Problem
from ..domain.service_types import Flag
from ..domain.text_length import validate_text_length
from ..domain.workflow import BY_NAME, STUDY, MoveName
from ..incidents import gates
from ..models import Check, Transaction
from .mover import Transition

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

State = Check.State
SETTLED = frozenset({State.TICKED, State.DOES_NOT_APPLY, State.LEFT_OUT})
# The moves that say that what was to be looked at was looked at.
CHECKED_MOVES = frozenset({MoveName.RECOMMEND, MoveName.APPROVE})
Files = Iterable[tuple[str, str]]


@dataclass(frozen=True)
class Line:
    """A point of the checklist at one stage, with the latest that was said of it. `changed` when what it is about has
    changed since then.
    """

    point: CheckPoint
    stage: str
    check: Check | None = None
    changed: bool = False
    flags: tuple[Flag, ...] = ()

    @property
    def state(self) -> str:
        return self.check.state if self.check else ""

    @property
    def is_settled(self) -> bool:
        return self.state in SETTLED and not self.changed

    def is_left_out_by(self, person: User | None) -> bool:
        """Was it this person who left it out?"""
        return (
            self.check is not None
            and self.state == State.LEFT_OUT
            and person is not None
            and self.check.by_id == person.pk
        )

    @property
    def is_deficient(self) -> bool:
        return self.state == State.DEFICIENT and not self.changed

    @property
    def words(self) -> StrOrPromise:
        """What was looked at as it was worded then; what is still to be looked at in the words of today."""
        return self.check.words if self.check and self.is_settled else self.point.words


def points_of(case: Transaction) -> Sequence[CheckPoint]:
    """The points for this request: those in force on the day it was received."""
    return points_on(case.service_type, timezone.localdate(case.submitted_at))


def read(
    case: Transaction,
    stages: Iterable[str],
    *,
    files: Files | None = None,
    checks: Iterable[Check] | None = None,
    flags: Iterable[Flag] = (),
) -> list[Line]:
    """The points of these stages, in order. `files` are (document, SHA-256) of those in force and `checks` the case's
    rows, oldest first, where they are at hand: two queries otherwise, and none for a service without points.
    """
    stages = list(stages)
    asked = [(s, point) for s in stages for point in points_of(case) if point.asked_at(s, case.answers)]
    if not asked:
        return []
    if files is None:
        files = case.attachments.in_force().values_list("document", "sha256")
    files, raised = list(files), list(flags)
    rows = case.checks.all() if checks is None else checks
    latest = {(row.stage, row.code): row for row in rows}
    lines = []
    for stage, point in asked:
        row = latest.get((stage, point.code))
        if row is not None and row.state == State.CLEARED:
            row = None
        changed = row is not None and row.seen != point.seen(case.answers, files)
        shown = tuple(flag for flag in raised if flag.code in point.flags)
        lines.append(Line(point, stage, row, changed, shown))
    return lines


def stages_so_far(case: Transaction) -> list[str]:
    """The stages a case has gone through by its answers, and the present one."""
    before = {stage.code for stage in case.service_type.stages_before(case.stage)}
    passed = [stage.code for stage in case.service_type.stages_for(case.answers) if stage.code in before]
    return [*passed, case.stage]


def stands_against(case: Transaction, move: str, by: User | None, lines: Iterable[Line] | None = None) -> list[Line]:
    """The open points, of all stages so far, that keep a case from this move. Nobody passes on a study whose points
    they left out themselves.
    """
    if move not in CHECKED_MOVES or case.current_stage.finish != move:
        return []
    if lines is None:
        lines = read(case, stages_so_far(case))
    studies = move == MoveName.RECOMMEND
    return [line for line in lines if not line.is_settled or (studies and line.is_left_out_by(by))]


def in_words(lines: Sequence[Line]) -> str:
    """The sentence that names open points."""
    words = ngettext(
        "%(n)d point of the checklist is open: %(points)s.", "%(n)d points of the checklist are open: %(points)s.",
        len(lines),
    )  # fmt: skip
    return words % {"n": len(lines), "points": " · ".join(str(line.words) for line in lines)}


def refuse_while_open(transition: Transition) -> None:
    """Called by a move that says the case was looked at: DomainError `checklist_open` names what was not. What was
    ticked, left out and not looked at goes into the facts of its event.
    """
    case, move = transition.case, transition.move.name
    lines = read(case, stages_so_far(case))
    if not lines:
        return
    open_lines = stands_against(case, move, transition.by, lines)
    if open_lines and settings.CHECKLISTS_BIND:
        how = _(
            "Tick them, say that they do not apply, or return the request. A supervisor of the office can leave them "
            "out, with a reason."
        )
        raise DomainError("checklist_open", f"{in_words(open_lines)} {how}")
    transition.facts["checklist"] = _count(lines)


def _count(lines: Sequence[Line]) -> dict[str, int]:
    def many(test: Callable[[Line], bool]) -> int:
        return sum(1 for line in lines if test(line))

    return {
        "points": len(lines),
        "ticked": many(lambda line: line.state == State.TICKED and line.is_settled),
        "not_needed": many(lambda line: line.state == State.DOES_NOT_APPLY and line.is_settled),
        "left_out": many(lambda line: line.state == State.LEFT_OUT and line.is_settled),
    }


def pressable(case: Transaction, lines: Iterable[Line] | None = None) -> list[Line]:
    """The points of the present stage and, while a case is studied, open ones of stages before: what an answer to a
    return changed has to be looked at again.
    """
    if lines is None:
        lines = read(case, stages_so_far(case))
    studied = case.status in STUDY
    return [line for line in lines if line.stage == case.stage or (studied and not line.is_settled)]


def may_press(user: User, case: Transaction) -> bool:
    """May this person end the present stage by saying that it was looked at? Where a case is studied the move that
    ends a stage without points of its own will do too, such as an inspection: points of stages before may be open.
    """
    finish = case.current_stage.finish
    if finish is None or not (finish in CHECKED_MOVES or case.status in STUDY):
        return False
    return access.may_make_move(user, case, finish)


def may_leave_out(user: User, case: Transaction) -> bool:
    """A supervisor of the office that has the case, who is nothing else to it."""
    if case.current_stage.finish not in CHECKED_MOVES or case.status not in BY_NAME[case.current_stage.finish].sources:
        return False
    held = access.get_capacity(user, case)
    return Role.SUPERVISOR in held.holds and Role.SUPERVISOR not in held.barred


def may_ask(user: User, case: Transaction) -> bool:
    """May this person return the case, so that a point can become a deficiency?"""
    return access.may_make_move(user, case, MoveName.RETURN)


@transaction.atomic
def press(
    case: Transaction,
    *,
    stage: str,
    code: str,
    state: str,
    by: User,
    of: str = "",
    answers_version: int | None = None,
    now: datetime | None = None,
) -> Check | None:
    """Say of one point that it was looked at, does not apply, is deficient, or take back what was said; None when the
    same was said before and still holds. `stage` is the case's as the page showed it, and `answers_version` that of
    the answers and files it showed: what nobody saw is not ticked. `of` is the stage of the point, where one of an
    earlier stage is open again.

    NotVisible for whoever may not see the case's work; DomainError `stage_has_ended` from an old page,
    `no_such_point`, `not_yours_to_check`.
    """
    now = now or timezone.now()
    locked = _lock(case, by, stage, answers_version, now)
    line = next((line for line in pressable(locked) if (line.stage, line.point.code) == (of or stage, code)), None)
    if line is None or state not in State.values or state == State.LEFT_OUT:
        raise DomainError("no_such_point", _("This point is not on the checklist of this case. Look at it again."))
    if not may_press(by, locked) or (state == State.DEFICIENT and not may_ask(by, locked)):
        message = _("This case is with another colleague now. You can read its checklist.")
        raise DomainError("not_yours_to_check", message)
    repeated = line.state == state and not line.changed
    if repeated or (state == State.CLEARED and line.check is None):
        return None
    move, role = BY_NAME[str(locked.current_stage.finish)], locked.current_stage.role
    acted_as = access.get_capacity(by, locked).acts_as(move, role)
    return write(locked, [line], state, by=by, acted_as=acted_as, now=now)[0]


@transaction.atomic
def leave_out(
    case: Transaction,
    *,
    stage: str,
    reason: str,
    by: User,
    answers_version: int | None = None,
    now: datetime | None = None,
) -> list[Check]:
    """Leave out every open point that stands against going on, with a reason that stays on record; returns their rows.

    Errors as of `press`; Invalid without a reason, or with one too long.
    """
    now = now or timezone.now()
    locked = _lock(case, by, stage, answers_version, now)
    if not may_leave_out(by, locked):
        raise DomainError("not_yours_to_leave_out", _("Only a supervisor of the office can leave points out."))
    reason = prose(reason)
    if not reason:
        raise Invalid([Problem("reason", _("Give the reason why these points are left out."), "required")])
    if problems := validate_text_length("reason", reason):
        raise Invalid(problems)
    open_lines = stands_against(locked, str(locked.current_stage.finish), None)
    acted_as = Role.SUPERVISOR.value
    return write(locked, open_lines, State.LEFT_OUT, by=by, acted_as=acted_as, now=now, reason=reason)


def _lock(case: Transaction, by: User, stage: str, answers_version: int | None, now: datetime) -> Transaction:
    """One press after the other; refused where the case has gone on since the page was shown, or came back to the same
    stage with other answers or files.
    """
    locked = Transaction.objects.select_for_update().filter(pk=case.pk).order_by().first()
    if locked is None or not access.may_read_notes(by, locked):
        raise NotVisible
    if locked.stage != stage or answers_version not in (None, locked.answers_version):
        raise DomainError("stage_has_ended", _("This case has changed since you opened it. Look at it again."))
    if finish := locked.current_stage.finish:
        gates.refuse_move(locked, finish, now=now, at_counter=False, acting=locked.held_by_id)
    return locked


def write(
    case: Transaction,
    lines: Iterable[Line],
    state: str,
    *,
    by: User,
    acted_as: str,
    now: datetime,
    reason: str = "",
) -> list[Check]:
    """The rows of what somebody said of these points, of a case that is locked; whether they may is asked before."""
    files = list(case.attachments.in_force().values_list("document", "sha256"))
    rows = [
        Check(
            transaction=case,
            stage=line.stage,
            code=line.point.code,
            state=state,
            words_ar=_said_in("ar", line.point.words),
            words_en=_said_in("en", line.point.words),
            reason=reason,
            seen=line.point.seen(case.answers, files),
            answers_version=case.answers_version,
            by=by,
            office_id=case.held_by_id,
            acted_as=acted_as,
            at=now,
        )
        for line in lines
    ]
    return Check.objects.bulk_create(rows)


def _said_in(language: str, words: StrOrPromise) -> str:
    with translation.override(language):
        return str(words)


def counts_in_words(counted: dict[str, Any]) -> str:
    """What the facts of an event say of the checklist, for the history."""
    words = _("Checklist: %(ticked)d of %(points)d ticked") % counted
    if counted["not_needed"]:
        words += _("; does not apply: %(not_needed)d") % counted
    if counted["left_out"]:
        words += _("; left out by the supervisor: %(left_out)d") % counted
    if missing := counted["points"] - counted["ticked"] - counted["not_needed"] - counted["left_out"]:
        words += _("; not looked at: %(n)d") % {"n": missing}
    return words
