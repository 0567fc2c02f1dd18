"""One move on many cases: looked at first, then made on each by itself, by a worker. So are printed files of many.

Every case goes by its own move, in a database transaction of its own, and whoever began it is asked about anew each
time: a post that ended meanwhile ends their work. Of a case, its move and the mark that it is done are one commit, so
that whoever dies in between has done either both or neither, and the next worker goes on where they stopped.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Role, User
from core.db import DATABASE_UNAVAILABLE

from .. import access
from ..domain.errors import DomainError, NotVisible
from ..domain.workflow import BY_NAME, Move
from ..models import BulkItem, BulkJob, Event, Transaction
from ..outbox import queue
from ..outbox.queue import Postponed
from ..text import two_languages
from ..turns import mixed
from . import moves, printing, reminding
from .bulk_obstacles import find_obstacles, known_colleague
from .printing import PrintAction
from .spreading import spread

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

logger = logging.getLogger(__name__)
KIND = "bulk"
MAX_CASES = 1000
# Well under the lease of a row of the outbox, so that no second worker begins on the same job meanwhile.
SECONDS = 4
# What was looked at and never begun is forgotten after this time.
LOOKED_AT_FOR = timedelta(days=1)
KEPT_FOR = timedelta(days=90)


@dataclass(frozen=True)
class BulkMove:
    """A move that can be made on many cases at once. `inverse` takes it back, where there is such a move."""

    inverse: str = ""
    to_colleague: bool = False


BULK_MOVES: dict[str, BulkMove] = {
    "take": BulkMove(inverse="give_back"),
    "register": BulkMove(),
    "reassign": BulkMove(inverse="reassign", to_colleague=True),
    "give_back": BulkMove(inverse="take"),
    "issue": BulkMove(),
    "dispatch": BulkMove(),
    "file": BulkMove(),
    "remind": BulkMove(),
}


def _make(move: str, case: Transaction, *, by: User, to: User | None, version: int, now: datetime) -> Transaction:
    """One move of the table, by the service every other page calls."""
    given = {"to": known_colleague(to)} if BULK_MOVES[move].to_colleague else {}
    service = reminding.remind if move == "remind" else getattr(moves, move)
    done: Transaction = service(case, by=by, version=version, now=now, **given)
    return done


def moves_offered(user: User) -> list[Move]:
    """The moves this person's roles ever make on many cases."""
    roles = {post.role for post in access.case_posts(user)}
    stage_roles = roles - {Role.CENTRE_CLERK}
    return [
        BY_NAME[name]
        for name in BULK_MOVES
        if any(who.value in roles or (who.value == "stage role" and stage_roles) for who in BY_NAME[name].who)
    ]


def described(action: str) -> Move | PrintAction:
    """Its words: `label` and `consequence`."""
    return printing.ACTIONS.get(action) or BY_NAME[action]


_NOBODY_NOW = gettext_lazy("No colleague can have this case now.")
_NOBODY_BEFORE = gettext_lazy("Nobody had this case before.")
# Not a move of the table: each case goes to another colleague (spreading).
SPREAD = "spread"


def look(
    cases: Sequence[Transaction],
    move: str,
    *,
    by: User,
    to: User | None = None,
    back: str = "",
    now: datetime | None = None,
) -> BulkJob:
    """Write down what the move would do to each of these cases, as they are now, and why some stay. Nothing is moved.

    `cases` are ones this person may see, in the order in which they will be done. DomainError without one, for more
    than MAX_CASES, for a move that is not made on many, and for a move that needs a colleague without one.
    """
    now = now or timezone.now()
    if move not in (*BULK_MOVES, *printing.ACTIONS, SPREAD):
        raise DomainError("no_such_bulk", _("Choose what to do with the cases."))
    if not cases:
        raise DomainError("nothing_chosen", _("Choose cases first."))
    if len(cases) > MAX_CASES:
        raise DomainError("too_many", _("At most %(most)d cases can be handled at once.") % {"most": MAX_CASES})
    if move == SPREAD:
        owners = spread(mixed(cases, now), timezone.localdate(now))
        return _write_job(cases, "reassign", by=by, to=None, back=back, now=now, owners=owners, nobody=_NOBODY_NOW)
    if move in printing.ACTIONS:
        printing.refuse_too_many(move, len(cases))
    elif BULK_MOVES[move].to_colleague and to is None:
        raise DomainError("wrong_assignee", _("Choose a colleague."))
    return _write_job(cases, move, by=by, to=to, back=back, now=now)


def _write_job(
    cases: Sequence[Transaction],
    move: str,
    *,
    by: User,
    to: User | None,
    now: datetime,
    back: str,
    undoes: BulkJob | None = None,
    owners: dict[int, User | None] | None = None,
    nobody: StrOrPromise = "",
) -> BulkJob:
    targets = {case.pk: owners[case.pk] if owners is not None else to for case in cases}
    nobody = nobody if owners is not None else ""
    obstacles = find_obstacles(cases, move, by=by, targets=targets, nobody=nobody, now=now)
    items = []
    for position, case in enumerate(cases, start=1):
        words = obstacles.get(case.pk, {})
        items.append(
            BulkItem(
                position=position,
                transaction=case,
                version=case.version,
                to=targets[case.pk] if owners is not None else None,
                state=BulkItem.State.CANNOT if words else BulkItem.State.WAITING,
                message=words.get(by.language) or next(iter(words.values()), ""),
                words=words or None,
            )
        )
    with transaction.atomic():
        job = BulkJob.objects.create(move=move, by=by, to=to, back=back[:1000], made_at=now, undoes=undoes)
        for item in items:
            item.job = job
        BulkItem.objects.bulk_create(items)
    return job


def start(job: BulkJob, *, now: datetime | None = None) -> bool:
    """Hand a job that was looked at to the workers, once; False when it was begun, or called off, before."""
    now = now or timezone.now()
    with transaction.atomic():
        begun = BulkJob.objects.filter(pk=job.pk, state=BulkJob.State.LOOKED_AT).update(
            state=BulkJob.State.RUNNING, started_at=now
        )
        if begun:
            queue.enqueue(KIND, job.pk, dedupe=f"{KIND}:{job.pk}", now=now)
    return bool(begun)


def cancel(job: BulkJob, *, now: datetime | None = None) -> int:
    """Stop: what is done stays done, the rest is not begun; returns how many those are."""
    now = now or timezone.now()
    with transaction.atomic():
        stopped = BulkJob.objects.filter(pk=job.pk, state__in=[BulkJob.State.LOOKED_AT, BulkJob.State.RUNNING]).update(
            state=BulkJob.State.CANCELLED, finished_at=now
        )
        if not stopped:
            return 0
        waiting = BulkItem.objects.filter(job=job, state=BulkItem.State.WAITING)
        return waiting.update(state=BulkItem.State.CANCELLED)


def inverse_of(action: str) -> str:
    """The move that takes it back; empty when there is none."""
    return BULK_MOVES[action].inverse if action in BULK_MOVES else ""


def undo(job: BulkJob, *, now: datetime | None = None) -> BulkJob:
    """A new job, to be looked at, that takes back what this one did where nothing has happened to the case since.

    DomainError when its move has no inverse, or nothing was done.
    """
    now = now or timezone.now()
    inverse = inverse_of(job.move)
    done = job.items.filter(state=BulkItem.State.DONE).select_related("assignee_before")
    rows = {item.transaction_id: item for item in done}
    if not inverse or not rows or job.state not in (BulkJob.State.DONE, BulkJob.State.CANCELLED):
        raise DomainError("cannot_be_undone", _("This cannot be undone."))
    seen = access.cases_of_staff(job.by).for_pages().filter(pk__in=rows)
    cases = sorted(seen, key=lambda case: rows[case.pk].position)
    owners: dict[int, User | None] | None = None
    if BULK_MOVES[inverse].to_colleague:
        owners = {pk: item.assignee_before for pk, item in rows.items()}
    with transaction.atomic():
        new = _write_job(
            cases, inverse, by=job.by, to=None, back=job.back, now=now, undoes=job, owners=owners, nobody=_NOBODY_BEFORE
        )
        _leave_changed(new, rows)
    return new


def _leave_changed(new: BulkJob, rows: dict[int, BulkItem]) -> None:
    """A case that somebody has moved since is left as it is."""
    moved = [item for item in new.items.all() if item.version != rows[item.transaction_id].version_after]
    for item in moved:
        item.state, item.message = BulkItem.State.CANNOT, _("This case has changed since.")
        item.words = two_languages.in_every_language(lambda: _("This case has changed since."))
    BulkItem.objects.bulk_update(moved, ["state", "message", "words"])


@queue.register_handler(KIND, outside=True)
def work_on(job_pk: int, now: datetime) -> Exception | None:
    """Do what is left of a job for some seconds; Postponed when there is more."""
    job = BulkJob.objects.select_related("by").get(pk=job_pk)
    began = time.monotonic()
    waiting = job.items.filter(state=BulkItem.State.WAITING).order_by("position").values_list("pk", flat=True)
    with translation.override(job.by.language):
        for pk in list(waiting[:MAX_CASES]):
            if time.monotonic() > began + SECONDS:
                return Postponed(now)
            _work_on_item(pk, now)
        made: dict[str, object] = {}
        if job.move in printing.ACTIONS and job.state == BulkJob.State.RUNNING:
            if time.monotonic() > began + SECONDS / 4:
                return Postponed(now)  # the file gets a lease of its own
            made = printing.ACTIONS[job.move].assemble(job, now)
    _end(job, now, made)
    return None


@transaction.atomic
def _end(job: BulkJob, now: datetime, made: dict[str, object]) -> None:
    """Over, once, with the file that was `made`; what could not be handed over goes back to the queue."""
    running = BulkJob.objects.filter(pk=job.pk, state=BulkJob.State.RUNNING)
    if running.update(state=BulkJob.State.DONE, finished_at=max(now, timezone.now()), **made) and job.leaver_id:
        queue.enqueue("hand_back", job.leaver_id, dedupe=f"hand_back:bulk-{job.pk}", now=now)


def _work_on_item(pk: int, now: datetime) -> None:
    """Move it; where that is refused, ask again in the other language, since a refusal is worded when it is made."""
    words: dict[str, str] = {}
    try:
        for language, _name in settings.LANGUAGES:
            try:
                with translation.override(language), transaction.atomic():
                    _make_move(pk, now)
                return
            except DomainError as error:
                words[language] = str(error.message)
    except DATABASE_UNAVAILABLE:
        raise
    except Exception:  # whatever is wrong with one case, the others are done, and this one is named
        logger.exception("a case of a bulk failed", extra={"bulk_item": pk})
        words = two_languages.in_every_language(
            lambda: _("This case could not be handled because of an error. It is unchanged.")
        )
    _refuse(pk, words)


def _make_move(pk: int, now: datetime) -> None:
    """Claim, move, and say so, in one commit; nothing when another worker was faster, or it was called off."""
    claimed = BulkItem.objects.filter(pk=pk, state=BulkItem.State.WAITING, job__state=BulkJob.State.RUNNING)
    if not claimed.update(state=BulkItem.State.DONE):
        return
    item = BulkItem.objects.select_related("job__to", "job__leaver", "to", "transaction").get(pk=pk)
    if item.job.leaver is not None:
        _pass_on(item, item.job.leaver, now)
        return
    by = User.objects.get(pk=item.job.by_id)  # as they are now, with the posts they have now
    case = item.transaction
    if not access.works_on(by, case):
        raise DomainError("not_yours", _("This case is no longer with an office of yours."))
    if item.job.move in printing.ACTIONS:
        note = printing.ACTIONS[item.job.move].check(case)
        BulkItem.objects.filter(pk=pk).update(version_after=case.version, message=note)
        return
    before = case.assignee_id
    done = _make(item.job.move, case, by=by, to=item.to or item.job.to, version=item.version, now=now)
    BulkItem.objects.filter(pk=pk).update(
        version_after=done.version, assignee_before=before, message=_number_given(done)
    )


def _pass_on(item: BulkItem, leaver: User, now: datetime) -> None:
    """A case of somebody who left goes to whom it was shared out to; by the system, whose business it is."""
    case = item.transaction
    if case.assignee_id != leaver.pk or item.to is None:
        raise DomainError("moved_meanwhile", _("This case has changed since."))
    done = moves.reassign(case, to=item.to, by=None, version=item.version, now=now)
    BulkItem.objects.filter(pk=item.pk).update(version_after=done.version, assignee_before=leaver)


def _number_given(case: Transaction) -> str:
    """The number a move gave, which is what a clerk writes on the cover."""
    event = Event.objects.filter(transaction=case, seq=case.version).first()
    facts = event.facts if event else {}
    number = facts.get("number") or facts.get("incoming") or facts.get("outgoing")
    if number is None:
        return ""
    return str(number) if facts.get("number") else f"{number}/{facts.get('hijri_year')}"


def _refuse(pk: int, words: dict[str, str]) -> None:
    """It stays as it is; a case of somebody who left goes back to the queue instead (leaving.hand_back)."""
    why = words.get(translation.get_language() or "") or next(iter(words.values()), "")
    waiting = BulkItem.objects.filter(pk=pk, state=BulkItem.State.WAITING)
    waiting.update(state=BulkItem.State.REFUSED, message=why, words=words)


def forget_old(now: datetime, most: int) -> int:
    """Delete what was looked at and never begun, and what was done long ago: the events of the cases stay."""
    idle = BulkJob.objects.filter(state=BulkJob.State.LOOKED_AT, made_at__lt=now - LOOKED_AT_FOR)
    old = BulkJob.objects.filter(finished_at__lt=now - KEPT_FOR)
    pks = list(idle.values_list("pk", flat=True)[:most]) + list(old.values_list("pk", flat=True)[:most])
    # A file no row names is taken away by `sweep_files`.
    BulkJob.objects.filter(kept_until__lt=now).exclude(stored_as="").update(stored_as="")
    return BulkJob.objects.filter(pk__in=pks).delete()[0]


def get_job(user: User, key: str) -> BulkJob:
    """One's own job; NotVisible for anybody else's."""
    job = BulkJob.objects.filter(key=key, by=user, leaver=None).select_related("by", "to", "undoes").first()
    if job is None:
        raise NotVisible
    return job
