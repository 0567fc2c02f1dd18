"""Telling the staff: in the workbench at once, by mail as each wants it.

Rows are written in the transaction of what they tell of. What a row says is made when it is read, of a case its reader
may see at that moment; of any other nothing is shown, counted or sent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.dispatch import receiver
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import absences, mail
from accounts.absences import Absences
from accounts.models import Absence, User
from accounts.signals import absence_entered
from core.outside_http import key_of
from core.text import isolated

from .. import access, queues
from ..domain.deadlines import Deadline, overdue
from ..domain.gates import Operation
from ..domain.workflow import MoveName
from ..incidents import gates
from ..models import Event, Note, Outbox, StaffMail, StaffNotice, Transaction, TransactionQuerySet
from ..outbox import queue
from .signals import moved

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

Kind, How = StaffNotice.Kind, StaffMail.How
EACH, DIGEST = "staff_mail", "staff_digest"
# Nobody counts further; a list says “more than”.
MAX_UNREAD = 99
# What became late longer ago was told, or was late before there were these notices.
LATE_SINCE = timedelta(days=2)
MAX_LATE = 2000
KEPT_FOR = timedelta(days=180)


# -- telling ---------------------------------------------------------------------------------------------------


def notify(notices: Iterable[StaffNotice], now: datetime) -> None:
    """Write notices, each once however often it comes, and owe the mail of those who want each. One query or three."""
    rows = list(notices)
    if not rows:
        return
    StaffNotice.objects.bulk_create(rows, ignore_conflicts=True)
    people = {row.recipient_id for row in rows}
    at_once = set(StaffMail.objects.filter(user__in=people, how=How.EACH).values_list("user", flat=True))
    if at_once:
        abouts = [row.about for row in rows]
        wanted = StaffNotice.objects.filter(recipient__in=at_once, about__in=abouts, mailed_at=None, read_at=None)
        _enqueue(EACH, {f"{EACH}:{pk}": pk for pk in wanted.values_list("pk", flat=True)}, now)


def _enqueue(kind: str, jobs: dict[str, int], now: datetime) -> None:
    """Jobs by what tells them apart; those there are already are left."""
    there = set(Outbox.objects.filter(dedupe__in=jobs).values_list("dedupe", flat=True))
    for dedupe, subject in jobs.items():
        if dedupe not in there:
            queue.enqueue(kind, subject, dedupe=dedupe, now=now)


@receiver(moved, sender=Transaction, dispatch_uid="staff notices")
def _tell_of_move(case: Transaction, event: Event, **_signal: Any) -> None:
    people: list[User] = []
    kind = Kind.ASSIGNED
    if event.move == MoveName.REASSIGN and case.assignee_id not in (None, event.actor_id):
        kind = Kind.ASSIGNED if event.actor_id else Kind.HANDED_OVER
        people = [case.assignee] if case.assignee else []
    elif event.move == MoveName.ANSWER and case.assignee is not None:
        kind, people = Kind.ANSWERED, _responsible(case, event.at)
    about = f"event:{event.pk}"
    notify([_notice(person, kind, about, event.at, transaction=case) for person in people], event.at)


def _responsible(case: Transaction, now: datetime) -> list[User]:
    """Whoever has the case, and whoever stands in for them today."""
    people = [case.assignee, _substitute(case, now, absences.read())]
    return [person for person in people if person is not None]


def _substitute(case: Transaction, now: datetime, known: Absences) -> User | None:
    """Who stands in today, where they may: not on a request of their own, nor after another duty on this case."""
    stand_in = queues.stand_in_of(case, timezone.localdate(now), known)
    substitute = stand_in.substitute if stand_in else None
    return substitute if substitute and queues.may_stand_in(case, substitute) else None


def _notice(to: User, kind: StaffNotice.Kind, about: str, now: datetime, **on: Any) -> StaffNotice:
    return StaffNotice(recipient=to, kind=kind, about=about, created_at=now, **on)


def tell_of_note(note: Note) -> None:
    """The colleague a note is meant for; a note for everybody is found on the case."""
    if note.to is not None:
        notify([_notice(note.to, Kind.NOTED, f"note:{note.pk}", note.at, transaction=note.transaction)], note.at)


@receiver(absence_entered, sender=Absence, dispatch_uid="staff notices")
def _tell_of_absence(absence: Absence, now: datetime, **_signal: Any) -> None:
    substitute = absence.substitute
    if substitute is not None and substitute.pk != absence.entered_by_id:
        notify([_notice(substitute, Kind.STANDS_IN, f"absence:{absence.pk}", now, absence=absence)], now)


def tell_of_lateness(now: datetime) -> None:
    """Whoever has a case that became late in its stage, or stands in for them: once for each due date."""
    late = Transaction.objects.open().filter(overdue(now, Deadline.STAGE), assignee__isnull=False)
    lately = late.filter(stage_due_at__gt=now - LATE_SINCE).select_related("assignee").order_by("stage_due_at", "pk")
    cases, known = list(lately[:MAX_LATE]), absences.read()
    access.load_duties_done(cases)
    notices = []
    for case in cases:
        to = _substitute(case, now, known) or case.assignee
        if to is not None and case.stage_due_at is not None:
            about = f"late:{case.pk}:{int(case.stage_due_at.timestamp())}"
            notices.append(_notice(to, Kind.LATE, about, now, transaction=case))
    with transaction.atomic():
        notify(notices, now)


# -- reading ---------------------------------------------------------------------------------------------------


def visible_to(user: User) -> QuerySet[StaffNotice]:
    """The notices of a person about what they may see now; nothing of a request of their own."""
    rows = StaffNotice.objects.filter(recipient=user)
    if not access.case_posts(user):
        return rows.none()
    cases = access.cases_of_staff(user).exclude(access.applicant_condition(user))
    seen = Q(transaction__in=cases) | Q(absence__ended_at=None, absence__isnull=False)
    return rows.filter(seen)


def count_unread(user: User) -> int:
    """How many notices are new to a person, at most one more than MAX_UNREAD; read once for each user object."""
    if "_unread_notices" not in user.__dict__:
        rows = visible_to(user).filter(read_at=None).order_by().values_list("pk", flat=True)
        user.__dict__["_unread_notices"] = len(rows[: MAX_UNREAD + 1])
    many: int = user.__dict__["_unread_notices"]
    return many


def with_unread(cases: TransactionQuerySet, user: User) -> TransactionQuerySet:
    """Cases with how many notices are new to a person, in all and about each: for a page that asks nothing more."""
    new = visible_to(user).filter(read_at=None).order_by().values("recipient")
    here = new.filter(transaction=OuterRef("pk"))
    counts = {"unread_notices": new, "unread_here": here}
    counted = {name: Subquery(rows.annotate(many=Count("pk")).values("many")) for name, rows in counts.items()}
    return cases.annotate(**counted)


def mark_read(user: User, now: datetime) -> int:
    """The person has seen what their notices say: all they may see."""
    user.__dict__.pop("_unread_notices", None)
    pks = list(visible_to(user).filter(read_at=None).values_list("pk", flat=True))
    return StaffNotice.objects.filter(pk__in=pks, read_at=None).update(read_at=now)


def mark_case_read(user: User, case: Transaction, now: datetime, *, opened: bool) -> None:
    """A case read `with_unread` is before the person: what is about it is new no more, once it is `opened`."""
    if not hasattr(case, "unread_notices"):
        return
    many, here = case.unread_notices or 0, getattr(case, "unread_here", 0) or 0
    if opened and here:
        many -= StaffNotice.objects.filter(recipient=user, transaction=case, read_at=None).update(read_at=now)
    user.__dict__["_unread_notices"] = many


def sentence(notice: StaffNotice) -> StrOrPromise:
    """What a notice says beside its number, in the language in force."""
    if notice.absence is not None:
        return _("You stand in for %(name)s.") % {"name": isolated(notice.absence.post.user.full_name)}
    return Kind(notice.kind).label


# -- mail ------------------------------------------------------------------------------------------------------


def choose_mail(user: User, how: str) -> None:
    """How this person wants their notices by mail from now on; ValueError for what is no choice."""
    StaffMail.objects.update_or_create(user=user, defaults={"how": How(how)})


def mail_of(user: User) -> StaffMail.How:
    """How this person wants them now."""
    row = StaffMail.objects.filter(user=user).first()
    return How(row.how) if row else How.DIGEST


def _still_to_mail(user: User) -> QuerySet[StaffNotice]:
    if not (user.is_active and user.is_staff and user.email):
        return StaffNotice.objects.none()
    return visible_to(user).filter(read_at=None, mailed_at=None)


@queue.register_handler(EACH, attempts=queue.MAX_ATTEMPTS_IN_A_MONTH)
def send_one(notice_id: int, now: datetime) -> None:
    """One notice by mail, to whoever still wants that; none that was read meanwhile, or is theirs no more."""
    gates.refuse_if_closed(Operation.MESSAGES, now=now)
    row = StaffNotice.objects.select_related("recipient").get(pk=notice_id)
    if mail_of(row.recipient) is not How.EACH:
        return
    _mail(row.recipient, list(_still_to_mail(row.recipient).filter(pk=notice_id)), "staff-notice", now)


def owe_digests(now: datetime) -> None:
    """Once a day, to everybody who wants it so and has something new."""
    waiting = StaffNotice.objects.filter(read_at=None, mailed_at=None, recipient__is_active=True)
    waiting = waiting.exclude(recipient__email="").exclude(recipient__staff_mail__how__in=[How.EACH, How.NONE])
    people = waiting.order_by().values_list("recipient", flat=True).distinct()
    with transaction.atomic():
        _enqueue(DIGEST, {f"{DIGEST}:{pk}:{timezone.localdate(now)}": pk for pk in people}, now)


@queue.register_handler(DIGEST, attempts=queue.MAX_ATTEMPTS_IN_A_MONTH)
def send_digest(user_id: int, now: datetime) -> None:
    """What is new to a person and was not sent yet, in one mail."""
    gates.refuse_if_closed(Operation.MESSAGES, now=now)
    user = User.objects.get(pk=user_id)
    if mail_of(user) is How.DIGEST:
        rows = list(_still_to_mail(user).order_by("pk")[: MAX_UNREAD + 1])
        _mail(user, rows, "staff-digest", now)


def _mail(user: User, rows: list[StaffNotice], what: str, now: datetime) -> None:
    """Kinds and figures, and where to read more: a mail names neither person nor case. Its key is that of the last."""
    if not rows:
        return
    StaffNotice.objects.filter(pk__in=[row.pk for row in rows]).update(mailed_at=now)
    with translation.override(user.language):
        counted = Counter(Kind(row.kind) for row in rows)
        lines = [f"{Kind(kind).label}: {count}" for kind, count in counted.most_common()]
        words = ngettext("%(n)d new notice in the workbench", "%(n)d new notices in the workbench", len(rows))
        page = settings.PORTAL_URL + reverse("staff:notices")
        footer = _("Read them here: %(link)s") % {"link": page}
        ending = _("On the same page you choose whether and how often these messages come.")
        text = "\n".join([*lines, "", footer, ending])
        mail.send_mail(user.email, words % {"n": len(rows)}, text, key=key_of(what, rows[-1].pk, rows[-1].created_at))


def forget_old(now: datetime, most: int) -> int:
    """Delete what was told long ago, so many at a time."""
    old = StaffNotice.objects.filter(created_at__lt=now - KEPT_FOR).values("pk")[:most]
    return StaffNotice.objects.filter(pk__in=old).delete()[0]
