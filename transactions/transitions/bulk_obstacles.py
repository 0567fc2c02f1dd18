"""Why a move on many cases leaves some as they are: asked of each as its own page would, and said in both languages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from accounts import absences
from accounts.models import User

from .. import access
from ..domain.errors import DomainError
from ..domain.workflow import BY_NAME
from ..models import Transaction
from . import printing, reminding
from .assignees import whom
from .mover import check

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


def known_colleague(to: User | None) -> User:
    """Whom the cases go to; DomainError where nobody was chosen."""
    if to is None:
        raise DomainError("wrong_assignee", _("Choose a colleague."))
    return to


def find_obstacles(
    cases: Sequence[Transaction],
    move: str,
    *,
    by: User,
    targets: dict[int, User | None],
    nobody: StrOrPromise,
    now: datetime,
) -> dict[int, dict[str, str]]:
    """Why some of these cases stay, by the key of the case and by language: only those are asked about twice. Where
    each goes to somebody else, `nobody` is said of one that has none.
    """
    obstacles: dict[int, dict[str, str]] = {}
    left = cases
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            known = _read_first(left, move, now)
            for case in left:
                to = targets[case.pk]
                alone = str(nobody) if nobody and to is None else ""
                why = alone or known.get(case.pk) or find_obstacle(case, move, by=by, to=to, now=now)
                if why:
                    obstacles.setdefault(case.pk, {})[language] = why
        left = [case for case in cases if case.pk in obstacles]
    return obstacles


def _read_first(cases: Sequence[Transaction], move: str, now: datetime) -> dict[int, str]:
    """What is asked of all cases at once: why some stay, by the key of the case."""
    if move in printing.ACTIONS:
        return printing.ACTIONS[move].find_obstacles(cases)
    access.load_duties_done(cases)
    if move != "remind":
        return {}
    reminded = reminding.last_reminders(cases)
    waiting = [case for case in cases if case.status in BY_NAME[move].sources]
    return {case.pk: reminding.find_too_early(case, reminded.get(case.pk), now) for case in waiting}


def find_obstacle(case: Transaction, move: str, *, by: User, to: User | None, now: datetime) -> str:
    """Why this person cannot make the move on this case now, in words; nothing when they can. Changes nothing."""
    if move in printing.ACTIONS:
        return ""
    if move == "take" and case.assignee_id is not None:
        return _("It is already assigned to you.") if case.assignee_id == by.pk else _assigned_to_colleague(case)
    if move == "give_back" and case.assignee_id != by.pk:
        return _("Only a case that is assigned to you can be returned to the queue.")
    try:
        check(case, move, by=by, now=now)
        if move == "reassign":
            whom(case, known_colleague(to), now, absences.remembered())
    except DomainError as error:
        return str(error.message)
    return ""


def _assigned_to_colleague(case: Transaction) -> str:
    name = case.assignee.full_name if case.assignee else "—"
    return _("It is assigned to %(name)s.") % {"name": name}
