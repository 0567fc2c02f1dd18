"""What another request says too: the one place that decides what is a duplicate or a conflict. Hints; they stop nobody.

Compared is what was meant, not what was typed: numbers in canonical form (core.text), files by their bytes.
Who may open the other request reads its number; everybody else that there is one, staff also in which office.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.db.models import BooleanField, Case, F, Q, QuerySet, Value, When
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from core.text import compact, isolated, written_code
from municipality.services import offices_by_pk
from plots.geometry import Outline
from plots.words import metres

from .. import access
from ..answers import cleaning as answers
from ..domain.deadlines import IS_OPEN
from ..domain.plots import shape_of
from ..domain.service_types import ServiceType
from ..models import Attachment, Draft, Transaction
from .neighbours import Neighbour, neighbours
from .parcels import BESIDE, NAMED, parcel_rows, parcel_words
from .search import stored_spellings, with_answers

# What was decided within a year may still be built, appealed or asked for again; an older decision is history.
DECIDED_WITHIN = timedelta(days=365)
# Who sends the same thing twice does so on the same errand: they saw no receipt, or went from the phone to the counter.
# An hour holds that; a second request of another day is meant.
TWICE_WITHIN = timedelta(minutes=60)
# Of less of their plot than this no applicant is told: whoever tries one outline after another would find every corner
# of somebody else's (assumed).
MIN_TOLD_SHARE, MIN_TOLD_M2 = 0.05, 10.0
# A form that everybody attaches lies in thousands of requests: so many are read at most, and the newest of them named.
MAX_HINTS = 20
SHOWN = 5


@dataclass(frozen=True)
class Hint:
    """Something this request shares with others, or with itself. `references` are those the reader may open; `others`
    says in words that there are more, `path` is the answer or document it is about.
    """

    code: str
    message: str
    path: str = ""
    references: tuple[str, ...] = ()
    others: str = ""

    @property
    def is_of_ground(self) -> bool:
        """Is it about a parcel on file, and no other request?"""
        return self.code == "parcel"


@dataclass(frozen=True)
class _Comparable:
    """What a request says that another may say too. `at` is when it was sent, or now; `itself` its key once it is."""

    service: ServiceType
    applicant: int
    answers: dict[str, Any]
    files: Sequence[Attachment]
    at: datetime
    itself: int | None = None
    beside: Sequence[Neighbour] | None = None
    names: dict[str, list[Attachment]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for file in self.files:
            self.names.setdefault(file.sha256, []).append(file)

    @cached_property
    def plot(self) -> Outline | None:
        """By its corners."""
        shape = shape_of(self.service.plot, self.answers)
        return shape.plot if shape else None

    def number(self, name: str) -> str:
        clean = compact if name == "deed_number" else written_code
        return clean(str(self.answers.get(name) or ""))


def hints_for_draft(draft: Draft, files: Iterable[Attachment], reader: User) -> list[Hint]:
    """What a request that is being written shares with those sent. One query."""
    service, now = draft.service_type, timezone.now()
    values = answers.clean_answers(service, draft.answers, timezone.localdate(now)).values
    at_desk = not access.acts_for_applicant(reader, draft)
    return _hints(_Comparable(service, draft.applicant_id, values, list(files), now), reader, at_desk=at_desk)


def hints_for_case(
    case: Transaction, files: Iterable[Attachment], reader: User, beside: Sequence[Neighbour] | None = None
) -> list[Hint]:
    """What a request shares with others, sent before or after it. One query, one more where there are corners and the
    plots `beside` are not read yet.
    """
    sent = _Comparable(
        case.service_type, case.applicant_id, case.answers, list(files), case.submitted_at, case.pk, beside
    )
    return _hints(sent, reader, at_desk=not access.acts_for_applicant(reader, case))


def _hints(sent: _Comparable, reader: User, *, at_desk: bool) -> list[Hint]:
    rows_by_hint: dict[tuple[str, str], list[tuple[Any, ...]]] = {}
    parcels: list[tuple[str, str, str]] = []
    for row in _others(sent, access.staff_condition(reader) if at_desk else access.applicant_condition(reader)):
        if row[0] in (NAMED, BESIDE):
            parcels.append(row[:3])
            continue
        rows_by_hint.setdefault((row[0], row[1]), []).append(row)
    order = ["same_deed", "same_plot", "same_person", "same_file"]
    hints = [
        Hint(code, *_describe_hint(sent, code, what), *_where(rows, at_desk))
        for (code, what), rows in sorted(rows_by_hint.items(), key=lambda item: (order.index(item[0][0]), item[0][1]))
    ]
    return [*hints, *_overlapping(sent, reader, at_desk=at_desk), *_within(sent), *_parcel(sent, parcels)]


def _parcel(sent: _Comparable, rows: Sequence[tuple[str, str, str]]) -> list[Hint]:
    """The plot beside the parcel it names, where that is on file."""
    if not rows or sent.plot is None:
        return []
    asked = bool(sent.number("plan_number") and sent.number("parcel_number"))
    words = parcel_words(rows, sent.plot, asked=asked)
    return [Hint("parcel", words, "parcel_number")] if words else []


def _overlapping(sent: _Comparable, reader: User, *, at_desk: bool) -> list[Hint]:
    """Other plots that share ground with this one, by their corners. One query, none where no corners are given.

    An applicant is told that there is one, where it is no small part of theirs; how much it shares, and every corner
    that touches, would draw the other's plot for them.
    """
    plot = sent.plot
    if plot is None:
        return []
    beside = sent.beside
    if beside is None:
        beside = neighbours(plot, reader, at_desk=at_desk, itself=sent.itself)
    least = 0.0 if at_desk else max(MIN_TOLD_M2, MIN_TOLD_SHARE * plot.area)
    overlapping = [each for each in beside if each.shared and each.shared >= least]
    rows = [("", "", each.reference, each.office, each.opens) for each in overlapping]
    if not rows:
        return []
    words = _("This plot overlaps the plot of another request.")
    if at_desk:
        words = _("This plot overlaps the plot of another request by up to %(area)s m².")
        words = words % {"area": metres(beside[0].shared)}
    asked = sent.service.plot
    return [Hint("overlapping_plot", words, asked.corners if asked else "", *_where(rows, at_desk))]


def _others(sent: _Comparable, may_open: Q) -> Iterable[tuple[Any, ...]]:
    """(code, hash of a file, number, office, may the reader open it) of the others, all kinds in one statement."""
    rows = Transaction.objects.exclude(pk=sent.itself) if sent.itself else Transaction.objects.all()
    counts = Q(withdrawn_at=None) & (IS_OPEN | Q(closed_at__gte=timezone.now() - DECIDED_WITHIN))
    kinds: list[tuple[str, QuerySet[Transaction]]] = []
    deed, plan, parcel = (sent.number(name) for name in ("deed_number", "plan_number", "parcel_number"))
    if deed:
        kinds.append(("same_deed", with_answers(deed_number=stored_spellings(deed)).filter(counts)))
    if plan and parcel:
        plot = with_answers(plan_number=stored_spellings(plan), parcel_number=stored_spellings(parcel))
        kinds.append(("same_plot", plot.filter(counts)))
    near = (sent.at - TWICE_WITHIN, sent.at + TWICE_WITHIN)
    again = Transaction.objects.filter(applicant=sent.applicant, submitted_at__range=near)
    kinds.append(("same_person", again.filter(service=sent.service.code, withdrawn_at=None)))
    parts: list[QuerySet[Any, Any]] = [
        _row(
            rows.filter(pk__in=rows_found.exclude(pk=sent.itself or 0).order_by().values("pk")[:MAX_HINTS]),
            code,
            may_open,
        )
        for code, rows_found in kinds
    ]
    for digest in sent.names:
        held = Attachment.objects.filter(sha256=digest, removed_at=None, transaction__isnull=False)
        others = held.exclude(transaction=sent.itself or 0).order_by().values("transaction")[:MAX_HINTS]
        parts.append(_row(rows.filter(pk__in=others), "same_file", may_open, digest))
    ground = parcel_rows(sent.plot, plan, sent.number("block_number"), parcel)
    if ground is not None:
        parts.append(ground)
    first, *rest = parts
    return first.union(*rest, all=True)


def _row(rows: QuerySet[Transaction], code: str, may_open: Q, what: str = "") -> QuerySet[Transaction, Any]:
    opens = Case(When(may_open, then=Value(True)), default=Value(False), output_field=BooleanField())
    annotated = rows.order_by().annotate(code=Value(code), what=Value(what), opens=opens, office=F("held_by"))
    return annotated.values_list("code", "what", "reference", "office", "opens")


def _where(rows: Sequence[tuple[Any, ...]], at_desk: bool) -> tuple[tuple[str, ...], str]:
    """The numbers one may open, newest first, and words for the rest."""
    numbers = sorted({reference for _code, _what, reference, _office, opens in rows if opens}, reverse=True)
    rest = [_("more requests")] if len(numbers) > SHOWN else []
    closed = [office for *_row, office, opens in rows if not opens]
    if closed and at_desk:
        names = {office.pk: office.name for office in offices_by_pk().values()}
        rest += sorted({isolated(names[office]) if office else _("not with an office yet") for office in closed})
    elif closed:
        rest.append(_("someone else's request"))
    return tuple(numbers[:SHOWN]), _(", ").join(rest)


def _describe_hint(sent: _Comparable, code: str, what: str) -> tuple[str, str]:
    """The sentence of a kind, and the answer or document it is about."""
    if code == "same_deed":
        return _("There is another request about this deed."), "deed_number"
    if code == "same_plot":
        return _("There is another request about this plan and parcel."), "parcel_number"
    if code == "same_person":
        minutes = TWICE_WITHIN // timedelta(minutes=1)
        words = _("The same person submitted another request for this service within %(minutes)d minutes.")
        return words % {"minutes": minutes}, ""
    file = sent.names[what][0]
    words = _("“%(file)s” is also in another request, byte for byte the same.")
    return words % {"file": isolated(file.original_name)}, f"documents.{file.document}"


def _within(sent: _Comparable) -> list[Hint]:
    """The same file given twice in this request."""
    words = _("The same file is in this request more than once: %(files)s.")
    return [
        Hint(
            "same_file_twice",
            words % {"files": _(", ").join(_named(sent, file) for file in files)},
            f"documents.{files[0].document}",
        )
        for files in sent.names.values()
        if len(files) > 1
    ]


def _named(sent: _Comparable, file: Attachment) -> str:
    label = sent.service.label_of(file.document) or file.document
    return f"{isolated(file.original_name)} ({label})"
