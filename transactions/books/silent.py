"""Silent failures: owed, not done, and nobody was told; and files that are named and not there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import ERASED

from ..domain.workflow import Status
from ..models import Delivery, Event, FeeDue, IssuedDocument, Notification, Outbox, PaperContent, Transaction
from ..notifications.notices import NOTIFIED_MOVES, channels_of, still_concerned
from ..outbox.queue import PENDING_STATES
from .look import LATELY, TOO_LONG, Finding, Kind, Look

NOT_DONE = (*PENDING_STATES, Outbox.State.DEAD)


def _unrouted(look: Look) -> Iterator[Finding]:
    """Taken in, and no job will bring it to an office; what waits too long or failed for good is told by itself."""
    owed = Outbox.objects.filter(kind="route", subject=OuterRef("pk"), state__in=NOT_DONE)
    rows = Transaction.objects.filter(~Exists(owed), status=Status.SUBMITTED, submitted_at__lt=look.settled)
    for reference in rows.order_by().values_list("reference", flat=True):
        yield Finding(reference)


def _work(rows: QuerySet[Outbox]) -> Iterator[Finding]:
    for kind, key in rows.order_by("pk").values_list("kind", "pk"):
        yield Finding(f"{kind}/{key}")


def _work_dead(look: Look) -> Iterator[Finding]:
    return _work(Outbox.objects.filter(state=Outbox.State.DEAD))


def _work_waits(look: Look) -> Iterator[Finding]:
    return _work(Outbox.objects.filter(state__in=PENDING_STATES, created_at__lt=look.now - TOO_LONG))


def _lately(look: Look) -> datetime:
    return look.now - min(LATELY, timedelta(days=settings.KEEP_NOTICES_DAYS) - TOO_LONG)


def _nobody_told(look: Look) -> Iterator[Finding]:
    """Whoever made a request hears of each of these moves; of somebody erased, nobody knows who it was. That it was
    received a worker tells, with its routing.
    """
    notified = Notification.objects.filter(event=OuterRef("pk"), recipient=OuterRef("transaction__applicant"))
    events = Event.objects.filter(
        ~Exists(notified), move__in=sorted(NOTIFIED_MOVES), at__gt=_lately(look), at__lt=look.settled
    )
    routed = Event.objects.filter(transaction=OuterRef("transaction"), move="route")
    events = events.filter(~Q(move="submit") | Exists(routed))
    events = events.exclude(transaction__applicant__national_id__startswith=ERASED).order_by("pk")
    names = ("transaction__reference", "seq", "transaction__held_by")
    for reference, seq, office in events.values_list(*names):
        yield Finding(f"{reference}/{seq}", office)


def _may_be_reached() -> Q:
    """As far as a query can tell; of many people who want no messages, none has to be looked at."""
    wants = Q(recipient__sms_notices=True) | Q(recipient__email_notices=True)
    return wants & ~(Q(recipient__email="") & Q(recipient__phone=""))


def _notice_unsent(look: Look) -> Iterator[Finding]:
    """The notice is there, its reader wants messages and has a right to it, and nothing was sent, waits or failed. An
    incident counts by itself whom it reached.
    """
    sent = Delivery.objects.filter(notification=OuterRef("pk"))
    owed = Outbox.objects.filter(kind="notify", subject=OuterRef("pk"), state__in=NOT_DONE)
    hour_ago = look.now - timedelta(hours=1)
    rows = Notification.objects.filter(~Exists(sent), ~Exists(owed), incident_notice=None, created_at__gt=_lately(look))
    rows = (
        rows.filter(_may_be_reached(), created_at__lt=hour_ago, recipient__is_active=True).for_reading().order_by("pk")
    )
    for notice in rows.select_related("recipient", "event__transaction__authorisation").iterator():
        if channels_of(notice.recipient) and still_concerned(notice, look.now):
            case = notice.event.transaction if notice.event else None
            yield Finding(f"notice/{notice.pk}", case.held_by_id if case else None)


def _paper_missing(look: Look) -> Iterator[Finding]:
    papers = IssuedDocument.objects.filter(transaction=OuterRef("pk"))
    rows = Transaction.objects.filter(~Exists(papers), issued_at__lt=look.settled)
    rows = rows.filter(status__in=[Status.ISSUED, Status.COMPLETED, Status.FILED]).order_by()
    for reference, office in rows.values_list("reference", "held_by"):
        yield Finding(reference, office)


def _paper_without_content(look: Look) -> Iterator[Finding]:
    content = PaperContent.objects.filter(document=OuterRef("pk"))
    papers = IssuedDocument.objects.filter(~Exists(content), issued_at__lt=look.settled).order_by("pk")
    for number, office in papers.values_list("number", "transaction__held_by"):
        yield Finding(number, office)


def _payment_without_event(look: Look) -> Iterator[Finding]:
    """Paid, and the case does not say by whom and when; or the case says it was paid, and the fee does not."""
    event = Event.objects.filter(transaction=OuterRef("transaction"), move="record_payment")
    unsaid = Q(~Exists(event), paid_at__lt=look.settled)
    unpaid = Q(Exists(event.filter(at__lt=look.settled)), paid_at=None)
    fees = FeeDue.objects.filter(unsaid | unpaid).order_by("pk")
    for reference, office in fees.values_list("transaction__reference", "transaction__held_by"):
        yield Finding(reference, office)


def _file_missing(look: Look) -> Iterator[Finding]:
    offices = dict[int, int | None]()
    missing = look.files.missing
    for start in range(0, len(missing), 500):
        cases = {case for _name, case in missing[start : start + 500]}
        offices |= dict(Transaction.objects.filter(pk__in=cases).order_by().values_list("pk", "held_by"))
    for name, case in missing:
        yield Finding(name, offices.get(case))


def _file_unnamed(look: Look) -> Iterator[Finding]:
    for name in look.files.stray:
        yield Finding(name)


KINDS = (
    Kind(
        "unrouted",
        _("Submitted requests with no routing job"),
        _("No office sees the request. Start its routing job again."),
        _unrouted,
    ),
    Kind(
        "work_dead",
        _("Background jobs that failed permanently"),
        _("Read the error in the list of background jobs, put its cause right and start the job again."),
        _work_dead,
    ),
    Kind(
        "work_waits",
        _("Background jobs waiting for more than a day"),
        _("Check that workers run, and read the job's last error."),
        _work_waits,
    ),
    Kind(
        "nobody_told",
        _("Steps the applicant was not notified of"),
        _("Tell the applicant, and find out why no notice was made."),
        _nobody_told,
    ),
    Kind(
        "notice_unsent",
        _("Notices that did not go out"),
        _("Tell the applicant, and find out what became of the job that sends it."),
        _notice_unsent,
    ),
    Kind(
        "paper_missing",
        _("Cases marked as issued that have no document"),
        _("The applicant has nothing to collect. Find out who changed the case."),
        _paper_missing,
    ),
    Kind(
        "paper_without_content",
        _("Issued documents whose content is missing"),
        _("The document is drawn from what is known today. Restore its content from a backup."),
        _paper_without_content,
    ),
    Kind(
        "payment_without_event",
        _("Payments on which the fee and the case disagree"),
        _("Compare with the bank's list, and find out who changed the fee."),
        _payment_without_event,
    ),
    Kind(
        "file_missing",
        _("Files of requests that are missing from the store"),
        _("Restore the file from a backup."),
        _file_missing,
    ),
    Kind(
        "file_unnamed",
        _("Stored files of no request that were left behind"),
        _("Find out why the daily maintenance has not removed them."),
        _file_unnamed,
    ),
)
