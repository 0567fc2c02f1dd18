"""What is printed of many at once as one file: papers that were issued, letters of decision, labels, register pages.

Made by the job of the action (transitions/bulk.py): each case is looked at when its turn comes, then the file is laid
out and stored, and named by the job with the mark that it is over. Whoever dies before leaves a file that no row names.
It is kept for STORED_FOR, for whoever asked for it; the signed papers themselves are read and never changed.
"""

from __future__ import annotations

import hashlib
import io
import uuid
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from core.hijri import riyadh_day
from core.units import MIB

from .. import access
from ..attachments.stored import open_intact
from ..domain.errors import DomainError, NotVisible
from ..models import BulkItem, BulkJob, Direction, IssuedDocument, Movement, PaperContent, SignedPaper, Transaction
from ..papers.paper_content import LETTERS
from ..text import two_languages
from ..text.wording import describe_recipient
from ..transitions.bulk import MAX_CASES
from ..transitions.printing import ACTIONS, PrintAction
from .printed_files import Copy, Label, RegisterPart, join_copies, lay_out_labels, lay_out_register

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

STORED_FOR = timedelta(days=1)
# They are held in memory until the file is written.
MAX_PAPERS, MAX_BYTES = 300, 64 * MIB
MAX_LINES = 2000
REGISTER = "print_register"
PaperMatch = tuple[SignedPaper | None, str]


def _of_case(find: Callable[[Sequence[Transaction]], dict[int, PaperMatch]], case: Transaction) -> SignedPaper:
    """The paper of a case, or DomainError with what stands against it."""
    paper, obstacle = find([case])[case.pk]
    if paper is None:
        raise DomainError("cannot_be_printed", obstacle)
    return paper


def _signed(content: PaperContent | None) -> PaperMatch:
    signed = getattr(content, "signed", None)
    return signed, "" if signed else _("Its signed file has not been made yet. Try again in a minute.")


def find_issued(cases: Sequence[Transaction]) -> dict[int, PaperMatch]:
    """The document in force of each of these cases as its signed file, or why there is none; one query."""
    rows = IssuedDocument.objects.filter(transaction__in=[case.pk for case in cases]).order_by("pk")
    matches: dict[int, PaperMatch] = {case.pk: (None, _("No document has been issued.")) for case in cases}
    for row in rows.select_related("content__signed"):
        ended = row.ended_at is not None
        if ended and matches[row.transaction_id][0] is None:
            matches[row.transaction_id] = (None, _("Its document is no longer valid."))
        elif not ended:
            matches[row.transaction_id] = _signed(getattr(row, "content", None))
    return matches


def find_letters(cases: Sequence[Transaction]) -> dict[int, PaperMatch]:
    """The latest letter of decision of each, likewise."""
    rows = PaperContent.objects.filter(transaction__in=[case.pk for case in cases], what__in=LETTERS).order_by("pk")
    matches: dict[int, PaperMatch] = {case.pk: (None, _("No letter of decision has been written.")) for case in cases}
    for row in rows.select_related("signed"):
        matches[row.transaction_id] = _signed(row)
    return matches


def _prints_papers(label: StrOrPromise, find: Callable[[Sequence[Transaction]], dict[int, PaperMatch]]) -> PrintAction:
    """The action that copies the papers that `find` finds into one file."""

    def find_obstacles(cases: Sequence[Transaction]) -> dict[int, str]:
        return {pk: obstacle for pk, (_paper, obstacle) in find(cases).items() if obstacle}

    def check(case: Transaction) -> str:
        content = _of_case(find, case).content
        return content.document.number if content.document else ""

    def assemble(job: BulkJob, now: datetime) -> dict[str, object]:
        copies = list(_copies(job, find))
        if not copies:
            return {}
        content, pages = join_copies(copies, job.by.full_name, now)
        return _store(content, pages, now)

    return PrintAction(label, _UNCHANGED, find_obstacles, check, assemble, MAX_PAPERS)


def _copies(job: BulkJob, find: Callable[[Sequence[Transaction]], dict[int, PaperMatch]]) -> Iterator[Copy]:
    """The papers of the cases whose turn has been, in order; one that cannot be read, or no longer fits, is named."""
    items = list(_done_items(job))
    matches = find([item.transaction for item in items])
    total = 0
    for item in items:
        paper, _obstacle = matches[item.transaction_id]
        fits = paper is None or total + paper.size <= MAX_BYTES
        stored = open_intact(paper) if paper is not None and fits else None
        if stored is None:
            _leave_out(item, find, fits=fits)
            continue
        with stored:
            content = stored.read()
        total += len(content)
        number = item.message or item.transaction.reference
        yield Copy(number, item.transaction.applicant.full_name, content)


def _leave_out(item: BulkItem, find: Callable[[Sequence[Transaction]], dict[int, PaperMatch]], *, fits: bool) -> None:
    """Say of a case why the file is without it."""

    def why() -> str:
        if not fits:
            return _("It does not fit into this file. Print it in another.")
        _paper, obstacle = find([item.transaction])[item.transaction_id]
        return obstacle or _("Its signed file cannot be read just now.")

    item.state, item.message, item.words = BulkItem.State.REFUSED, why(), two_languages.in_every_language(why)
    item.save(update_fields=["state", "message", "words"])


def _done_items(job: BulkJob) -> QuerySet[BulkItem]:
    done = job.items.filter(state=BulkItem.State.DONE).order_by("position")
    return done.select_related("transaction__applicant", "transaction__held_by")


def _label_check(case: Transaction) -> str:
    return ""


def _assemble_labels(job: BulkJob, now: datetime) -> dict[str, object]:
    cases = [item.transaction for item in _done_items(job)]
    if not cases:
        return {}
    lines = Movement.objects.filter(transaction__in=[case.pk for case in cases], direction=Direction.INCOMING)
    # The latest at the office that has it stays.
    entered = {(line.transaction_id, line.office_id): str(line) for line in lines.order_by("at", "pk")}
    labels = [
        Label(
            case.reference,
            str(case.service_type.title),
            case.applicant.full_name,
            entered.get((case.pk, case.held_by_id or 0), ""),
            case.held_by.name if case.held_by else "",
        )
        for case in cases
    ]
    return _store_counted(lay_out_labels(labels, now), now)


# -- registers -------------------------------------------------------------------------------------------------


def look_at_lines(lines: QuerySet[Movement], *, by: User, back: str, now: datetime) -> BulkJob:
    """Write down which lines of registers are to be printed; nothing is printed yet. DomainError for none, or for more
    than MAX_LINES.
    """
    keys = list(lines.order_by("office", "direction", "hijri_year", "number").values_list("pk", flat=True))
    if not keys:
        raise DomainError("nothing_chosen", _("Choose lines of the register first."))
    if len(keys) > MAX_LINES:
        message = _("At most %(most)d lines can be printed into one file. Choose fewer, or narrow the list.")
        raise DomainError("too_many", message % {"most": MAX_LINES})
    return BulkJob.objects.create(move=REGISTER, by=by, lines=keys, back=back[:1000], made_at=now)


def _lines_of(job: BulkJob, by: User) -> QuerySet[Movement]:
    """Those of offices this person has a post in now."""
    offices = [post.office_id for post in access.case_posts(by)]
    rows = Movement.objects.filter(pk__in=job.lines or [], office__in=offices)
    rows = rows.select_related("office", "counterpart", "by", "transaction__applicant")
    return rows.order_by("office", "direction", "hijri_year", "number")


def _assemble_register(job: BulkJob, now: datetime) -> dict[str, object]:
    by = User.objects.get(pk=job.by_id)
    parts = []
    for _key, group in groupby(_lines_of(job, by), lambda line: (line.office_id, line.direction, line.hijri_year)):
        rows = list(group)
        first, last = rows[0], rows[-1]
        parts.append(
            RegisterPart(
                first.office.name,
                first.get_direction_display(),
                f"{first.number} – {last.number} / {first.hijri_year}",
                [_line_cells(line) for line in rows],
            )
        )
    if not parts:
        return {}
    heads = [
        _("Number"), _("Date"), _("Transaction"), _("Service"), _("Applicant"), _("From or to"), _("Entered by"),
    ]  # fmt: skip
    return _store_counted(lay_out_register(parts, heads, by.full_name, now), now)


def _line_cells(line: Movement) -> list[str]:
    case = line.transaction
    where = describe_recipient(line, case.service_type) or (line.counterpart.name if line.counterpart else "—")
    return [
        str(line),
        riyadh_day(line.at).isoformat(),
        case.reference,
        str(case.service_type.title),
        case.applicant.full_name,
        str(where),
        line.by.full_name if line.by else "—",
    ]


# -- the file --------------------------------------------------------------------------------------------------


def _store_counted(content: bytes, now: datetime) -> dict[str, object]:
    import pikepdf  # by whoever prints alone: a web process never does

    with pikepdf.open(io.BytesIO(content)) as paper:
        return _store(content, len(paper.pages), now)


def _store(content: bytes, pages: int, now: datetime) -> dict[str, object]:
    """Keep a file under a name of ours; returns the columns of the job that name it."""
    name = uuid.uuid4().hex
    stored_as = f"{name[:2]}/{name}"
    default_storage.save(stored_as, ContentFile(content))
    return {
        "stored_as": stored_as,
        "sha256": hashlib.sha256(content).hexdigest(),
        "size": len(content),
        "pages": pages,
        "kept_until": max(now, timezone.now()) + STORED_FOR,
    }


def refuse_unless_still_theirs(job: BulkJob) -> None:
    """NotVisible when whoever asked for a file may not see all that is in it any more."""
    if job.lines is not None:
        if _lines_of(job, job.by).count() != len(job.lines):
            raise NotVisible
        return
    printed = [item.transaction for item in _done_items(job)]
    if not all(access.works_on(job.by, case) for case in printed):
        raise NotVisible


def _no_obstacles(cases: Sequence[Transaction]) -> dict[int, str]:
    return {}


_UNCHANGED = gettext_lazy(
    "One PDF with a copy of each, marked as copies; the signed files stay as they are. It is kept for a day."
)
ACTIONS |= {
    "print_issued": _prints_papers(gettext_lazy("Print permits and issued letters"), find_issued),
    "print_letters": _prints_papers(gettext_lazy("Print letters of decision"), find_letters),
    "print_labels": PrintAction(
        gettext_lazy("Print labels for files"),
        gettext_lazy("One PDF of labels for the covers, 24 a sheet (70 × 37 mm). It is kept for a day."),
        _no_obstacles,
        _label_check,
        _assemble_labels,
        MAX_CASES,
    ),
    REGISTER: PrintAction(
        gettext_lazy("Print pages of the register"),
        gettext_lazy("One PDF of the lines chosen, by office, register and year. It is kept for a day."),
        _no_obstacles,
        _label_check,
        _assemble_register,
        MAX_LINES,
        of_cases=False,
    ),
}
