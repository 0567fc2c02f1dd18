"""Receipts given, entries of the journal, rows, numbers of registers: what one has and another has not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from django.conf import settings
from django.db import connection
from django.db.models import Case, CharField, Count, Exists, F, IntegerField, Max, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import Coalesce, Left
from django.utils.translation import gettext_lazy as _

from journal import witness
from journal.models import Chain, Entry

from ..domain.slips import OF_A_SLIP
from ..domain.workflow import CLOCK_STOPPED, STUDY, Status
from ..models import BroughtReceipt, Direction, Event, Intake, Movement, Register, Serial, Transaction
from .look import Finding, Head, Kind, Look

# Past its registration, and not over.
REGISTERED = STUDY | CLOCK_STOPPED | {Status.AWAITING_SUPERVISOR, Status.APPROVED}


def entry_of(kind: str, reference: str = "reference") -> Exists:
    """Has the journal an entry of this kind about the request of this reference?"""
    return Exists(Entry.objects.filter(subject=OuterRef(reference), kind=kind))


def strays(look: Look) -> QuerySet[Entry]:
    """What the journal received and is not here; without what was handed in again, which staff settle by itself."""
    row = Transaction.objects.filter(reference=OuterRef("subject"))
    brought = BroughtReceipt.objects.filter(reference=OuterRef("subject"))
    return Entry.objects.filter(~Exists(row), ~Exists(brought), kind="received", at__lt=look.settled).order_by()


def old_rows(look: Look) -> QuerySet[Transaction]:
    return Transaction.objects.filter(submitted_at__lt=look.settled).order_by()


def _receipt_without_row(look: Look) -> Iterator[Finding]:
    for subject in strays(look).values_list("subject", flat=True).iterator():
        yield Finding(subject)


def _cases(rows: QuerySet[Transaction]) -> Iterator[Finding]:
    for reference, office in rows.values_list("reference", "held_by").iterator():
        yield Finding(reference, office)


def _row_without_entry(look: Look) -> Iterator[Finding]:
    return _cases(old_rows(look).filter(~entry_of("received")))


def _row_without_receipt(look: Look) -> Iterator[Finding]:
    return _cases(old_rows(look).filter(~Exists(Intake.objects.filter(transaction=OuterRef("pk")))))


def _number_without_row(look: Look) -> Iterator[Finding]:
    """Serials are counted before the rows: what comes meanwhile has its row."""
    given = list(Serial.objects.order_by("pk").values_list("node", "incarnation", "hijri_year", "last"))
    there = _by_serial(Transaction.objects.order_by(), "reference") + _by_serial(strays(look), "subject")
    there += _by_serial(BroughtReceipt.objects.filter(_not_here()).order_by(), "reference")
    for node, incarnation, year, last in given:
        if there[f"{node}{incarnation}-{year}"] < last:
            yield Finding(f"{node}{incarnation}-{year}")


def _not_here() -> Exists:
    return ~Exists(Transaction.objects.filter(reference=OuterRef("reference")))  # type: ignore[return-value]


def _by_serial(rows: QuerySet[Entry] | QuerySet[Transaction] | QuerySet[BroughtReceipt], name: str) -> Counter[str]:
    """How many numbers of each node, letter and year these rows bear; letters drawn by lot make no difference. Those of
    paper slips are counted with their booklets.
    """
    rows = rows.exclude(**{f"{name}__regex": OF_A_SLIP})
    plain = Q(**{f"{name}__regex": r"^...-"})
    place = Case(When(plain, then=Left(name, 8)), default=Left(name, 12), output_field=CharField())
    found: Counter[str] = Counter()
    for text, many in rows.annotate(place=place).values_list("place").annotate(Count("pk")):
        found[f"{text[:3]}-{text[-4:]}"] += many
    return found


def _register_short(look: Look) -> Iterator[Finding]:
    """One statement, so that what comes meanwhile is in all three figures. Where a restore left a gap on purpose, the
    lines are fewer than the numbers, and only a line beyond the last number is wrong.
    """
    own = Movement.objects.filter(
        office=OuterRef("office"), direction=OuterRef("direction"), hijri_year=OuterRef("hijri_year")
    ).order_by()
    grouped = own.values("office")
    lines = Subquery(grouped.annotate(many=Count("pk")).values("many"), output_field=IntegerField())
    top = Subquery(grouped.annotate(top=Max("number")).values("top"), output_field=IntegerField())
    registers = Register.objects.annotate(lines=Coalesce(lines, 0), top=Coalesce(top, 0)).order_by("pk")
    wrong = Q(top__gt=F("last_number"))
    if not Chain.objects.exclude(lot="").exists():
        wrong |= ~Q(lines=F("last_number"))
    names = ("office__code", "direction", "hijri_year", "office")
    for code, direction, year, office in registers.filter(wrong).values_list(*names):
        yield Finding(f"{code}/{direction}/{year}", office)


def _case_without_line(look: Look) -> Iterator[Finding]:
    """What was withdrawn before it was registered and taken up again has no line, and is left out."""
    line = Movement.objects.filter(
        transaction=OuterRef("pk"), office=OuterRef("held_by"), direction=Direction.INCOMING.value
    )
    reopened = Event.objects.filter(transaction=OuterRef("pk"), move__in=["reopen", "resume"])
    return _cases(old_rows(look).filter(~Exists(line), ~Exists(reopened), status__in=sorted(REGISTERED)))


# More rows of one sort than entries: grouped once on either side, since a million look-ups would take minutes.
_MORE_THAN_ENTRIES = """SELECT t.reference, t.held_by_id FROM transactions_transaction t
    JOIN ({rows}) r ON r.transaction_id = t.id
    LEFT JOIN (SELECT subject, COUNT(*) AS many FROM journal_entry WHERE kind = %s GROUP BY subject) e
    ON e.subject = t.reference WHERE r.many > COALESCE(e.many, 0)"""
_DECISIONS = """SELECT transaction_id, COUNT(*) AS many FROM transactions_event
    WHERE move IN ('approve', 'reject') AND at < %s GROUP BY transaction_id"""
_PAPERS = """SELECT transaction_id, COUNT(*) AS many FROM transactions_issueddocument
    WHERE issued_at < %s GROUP BY transaction_id"""

# Payments have entries since there was a first one; those from before have none.
_PAYMENTS = """SELECT transaction_id, 1 AS many FROM transactions_feedue
    WHERE paid_at < %s AND paid_at >= (SELECT MIN(at) FROM journal_entry WHERE kind = 'paid')"""


def _more_than_entries(rows: str, kind: str, look: Look) -> Iterator[Finding]:
    before = connection.ops.adapt_datetimefield_value(look.settled)
    with connection.cursor() as cursor:
        cursor.execute(_MORE_THAN_ENTRIES.format(rows=rows), [before, kind])
        while some := cursor.fetchmany(500):
            yield from (Finding(*row) for row in some)


def _decision_without_entry(look: Look) -> Iterator[Finding]:
    return _more_than_entries(_DECISIONS, "decided", look)


def _payment_without_entry(look: Look) -> Iterator[Finding]:
    return _more_than_entries(_PAYMENTS, "paid", look)


def _paper_without_entry(look: Look) -> Iterator[Finding]:
    return _more_than_entries(_PAPERS, "issued", look)


def _chain_short(look: Look) -> Iterator[Finding]:
    """One statement for each chain, so that an entry that comes meanwhile is in all figures."""
    own = Entry.objects.filter(chain=OuterRef("pk")).order_by()
    many = Subquery(own.values("chain").annotate(many=Count("pk")).values("many"), output_field=IntegerField())
    last = Subquery(own.order_by("-seq").values("hash")[:1])
    for chain in Chain.objects.annotate(many=Coalesce(many, 0), last=last).order_by("pk"):
        same = chain.last is None or bytes(chain.last) == bytes(chain.head_hash)
        if chain.many != chain.length or not same:
            yield Finding(str(chain))


def _head_behind(look: Look) -> Iterator[Finding]:
    """What somebody outside the database has seen of a chain must be in it, the same."""
    outside = [(f"{seen.name}{seen.lot}", Head(seen.head.seq, seen.head.hash)) for seen in _witnesses()]
    for name, head in {*outside, *(look.vault or {}).items()}:
        if head.seq and not holds(name, head):
            yield Finding(name)


def _witnesses() -> list[witness.Witness]:
    return [seen for seen in witness.read_all(settings.JOURNAL_NODE).values() if not seen.lost_to]


def holds(name: str, head: Head) -> bool:
    """Is this entry in our chain of that name?"""
    chain = Chain.objects.filter(node=name[:2], incarnation=name[2:3], lot=name[3:])
    return Entry.objects.filter(chain__in=chain, seq=head.seq, hash=head.hash).exists()


KINDS = (
    Kind(
        "receipt_without_row",
        _("Receipts whose request is missing"),
        _("Restore the request from a backup, or ask the holder to hand the receipt in."),
        _receipt_without_row,
    ),
    Kind(
        "row_without_entry",
        _("Requests with no entry in the journal"),
        _("The request did not come in through the portal. Find out who wrote it to the database."),
        _row_without_entry,
    ),
    Kind(
        "row_without_receipt",
        _("Requests with no receipt"),
        _("The applicant has nothing to prove the request by. Find out how it came in."),
        _row_without_receipt,
    ),
    Kind(
        "number_without_row",
        _("Numbers given that no request and no entry bears"),
        _("There are fewer requests than numbers given in that year. Compare with a backup."),
        _number_without_row,
    ),
    Kind(
        "register_short",
        _("Registers with a gap"),
        _("The register has another number of lines than numbers given. Compare with a backup."),
        _register_short,
    ),
    Kind(
        "case_without_line",
        _("Open cases that are not in the register of their office"),
        _("Find out how the case came to the office without an incoming number."),
        _case_without_line,
    ),
    Kind(
        "decision_without_entry",
        _("Decisions with no entry in the journal"),
        _("The decision was not made through the portal. Find out who wrote it to the database."),
        _decision_without_entry,
    ),
    Kind(
        "payment_without_entry",
        _("Payments with no entry in the journal"),
        _("Compare with the bank's list, and find out who changed the fee."),
        _payment_without_entry,
    ),
    Kind(
        "paper_without_entry",
        _("Issued documents with no entry in the journal"),
        _("Nobody signed this document. Find out who wrote it to the database before anyone relies on it."),
        _paper_without_entry,
    ),
    Kind(
        "chain_short",
        _("Journals that lack entries"),
        _("Read what the daily check of the journal found, and compare with a backup."),
        _chain_short,
    ),
    Kind(
        "head_behind",
        _("Journals that differ from what others have seen"),
        _("A witness or the vault has seen an entry that is not here. Find out why before more requests are taken."),
        _head_behind,
    ),
)
