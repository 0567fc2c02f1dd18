"""Every list of the staff as a file or as printed pages: exactly the rows its filter shows, in its order, on record."""

from __future__ import annotations

import csv
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from html import unescape
from typing import Any
from urllib.parse import urlencode

import xlsxwriter
from django.contrib import messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import display_for_field, display_for_value, label_for_field, lookup_field
from django.core.exceptions import ObjectDoesNotExist
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve
from django.utils import timezone, translation
from django.utils.html import strip_tags
from django.utils.text import capfirst
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts import access_log
from accounts.access import current_user
from accounts.models import Act
from core.hijri import riyadh_day

from ..models import Slip, Transaction
from ..text.wording import status_words
from .site import staff_site
from .slips import slips_listed
from .ways import PLACES, read_way

MAX_ROWS = 20_000
MAX_PRINTED = 2_000
BATCH = 500
# What a spreadsheet takes for the beginning of a formula, also after the blanks it leaves out and in full width; and
# where a cell begins for one that separates by something else than commas, as many are set to, whatever is in quotes.
_FORMULA = re.compile(r"(^|[;\t\r\n|])([^\S\t\r\n]*)(?=[=+\-@＝＋－＠])")
_TAG = re.compile(r"<[^>]+>")
Cell = str | int | float | date | None


@dataclass(frozen=True)
class Listing:
    """A list as a file: its name, its headings, its rows, and how each row is read."""

    title: str
    address: str
    heads: Sequence[str]
    rows: QuerySet[Any]
    cells: Callable[[Any], Sequence[Cell]]


@require_GET
def export(request: HttpRequest) -> HttpResponseBase:
    """The list at `from` in the `format` asked for. It is noted who took how many rows of what."""
    address, form = request.GET.get("from", ""), request.GET.get("format", "")
    listing, write = _listing_of(request, address), FORMATS.get(form)
    if listing is None or write is None:
        raise Http404
    many = listing.rows.count()
    if many > (most := MAX_PRINTED if form == "print" else MAX_ROWS):
        message = _("This list has %(many)d rows; at most %(most)d can be taken at once. Narrow it by its filters.")
        messages.error(request, message % {"many": many, "most": most})
        return redirect(address)
    subject = f"{listing.title} {address}"[:200]
    access_log.record(Act.EXPORT, by=current_user(request), subject=subject, why=f"{form}, {many} rows")
    return write(request, listing)


def _listing_of(request: HttpRequest, address: str) -> Listing | None:
    path, _mark, query = address.partition("?")
    way = read_way(address)
    if way.name in PLACES and path == way.url.partition("?")[0]:
        return _cases(request, address)
    try:
        view = resolve(path)
    except Resolver404:
        return None
    name = view.url_name or ""
    if view.namespace != staff_site.name:
        return None
    if name == "slips":
        return _slips(request, address, query)
    if not name.endswith("_changelist"):
        return None
    return _changelist(request, name.removesuffix("_changelist"), address, query)


# -- lists of cases --------------------------------------------------------------------------------------------


def _cases(request: HttpRequest, address: str) -> Listing | None:
    way = read_way(address)
    listed = way.case_list(current_user(request), timezone.now())
    if listed is None:
        return None
    heads = [
        _("Number"), _("Service"), _("Applicant"), _("District"), _("Status"), _("Stage"), _("In this stage since"),
        _("Due in this stage"), _("Due overall"), _("Assigned to"), _("Submitted"),
    ]  # fmt: skip
    return Listing(str(way.label), address, heads, listed.rows.for_pages(), _case_cells)


def _case_cells(case: Transaction) -> Sequence[Cell]:
    return (
        case.reference,
        str(case.service_type.title),
        case.applicant.full_name,
        case.district.name if case.district else "",
        str(status_words(case)),
        str(case.current_stage.title),
        _day(case.stage_started_at),
        _day(case.stage_due_at),
        _day(case.due_at),
        case.assignee.full_name if case.assignee else "",
        _day(case.submitted_at),
    )


def _day(moment: datetime | None) -> date | None:
    return riyadh_day(moment) if moment else None


# -- slips of booklets ------------------------------------------------------------------------------------------


def _slips(request: HttpRequest, address: str, query: str) -> Listing | None:
    rows = slips_listed(current_user(request), QueryDict(query))
    if rows is None:
        return None
    heads = [_("Number"), _("Slip"), _("Booklet"), _("Centre"), _("Handed to"), _("Handed out at")]
    return Listing(_("Slips unaccounted for"), address, heads, rows, _slip_cells)


def _slip_cells(slip: Slip) -> Sequence[Cell]:
    booklet = slip.booklet
    holder = booklet.holder.full_name if booklet.holder else ""
    return (slip.number, slip.index, str(booklet), booklet.office.name, holder, _day(booklet.handed_at))


# -- Django's own lists ----------------------------------------------------------------------------------------


def _changelist(request: HttpRequest, name: str, address: str, query: str) -> Listing | None:
    """A list of the workbench with its own columns, as its page shows them to this person."""
    admins = {f"{model._meta.app_label}_{model._meta.model_name}": each for model, each in staff_site._registry.items()}
    model_admin = admins.get(name)
    if model_admin is None or not model_admin.has_view_permission(request):
        return None
    request.GET = QueryDict(query)
    try:
        shown = model_admin.get_changelist_instance(request)
    except IncorrectLookupParameters:
        return None
    columns = [str(column) for column in shown.list_display if column != "action_checkbox"]
    heads = [capfirst(str(label_for_field(column, shown.model, model_admin))) for column in columns]
    title = capfirst(str(shown.model._meta.verbose_name_plural))

    def cells(row: Any) -> Sequence[Cell]:
        return [_value(column, row, model_admin) for column in columns]

    return Listing(title, address, heads, shown.queryset, cells)


def _value(column: str, row: Any, model_admin: Any) -> Cell:
    empty = ""
    try:
        field, attribute, value = lookup_field(column, row, model_admin)
    except ObjectDoesNotExist:
        return empty
    if isinstance(value, datetime):
        return f"{timezone.localtime(value):%Y-%m-%d %H:%M}"
    if isinstance(value, (date, int)) and not isinstance(value, bool) and not getattr(field, "choices", None):
        return value
    if field is None or getattr(field, "many_to_many", False):
        shown = display_for_value(value, empty, getattr(attribute, "boolean", False))
    else:
        shown = display_for_field(value, field, empty)
    # What stands in two lines of a cell are two words here.
    return " ".join(unescape(strip_tags(_TAG.sub(" ", str(shown)))).split())


# -- as files --------------------------------------------------------------------------------------------------


def _rows(listing: Listing) -> Iterator[Sequence[Cell]]:
    for row in listing.rows.iterator(chunk_size=BATCH):
        yield listing.cells(row)


def harmless(cell: Cell) -> Cell:
    """A text in which a spreadsheet would find a formula, as text."""
    return _FORMULA.sub(r"\1'\2", cell) if isinstance(cell, str) else cell


class _Echo:
    """What a writer of lines writes to, line by line."""

    def write(self, line: str) -> str:
        return line


def _csv(request: HttpRequest, listing: Listing) -> HttpResponseBase:
    """UTF-8 with its mark, without which spreadsheets read Arabic as signs."""
    writer, language = csv.writer(_Echo()), get_language()

    def lines() -> Iterator[str]:
        with translation.override(language):
            yield "\ufeff" + writer.writerow(listing.heads)
            for cells in _rows(listing):
                yield writer.writerow([harmless(cell) if cell is not None else "" for cell in cells])

    answer = StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{_file_name()}.csv"'
    return answer


def _xlsx(request: HttpRequest, listing: Listing) -> HttpResponseBase:
    """Row by row into a file of its own: however long the list, it takes no more memory."""
    held = tempfile.SpooledTemporaryFile(max_size=4_000_000)  # noqa: SIM115 – the answer closes it
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(held, options)
    sheet = book.add_worksheet()
    if get_language() == "ar":
        sheet.right_to_left()
    head, day = book.add_format({"bold": True}), book.add_format({"num_format": "yyyy-mm-dd"})
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, len(listing.heads) - 1, 22)
    for column, text in enumerate(listing.heads):
        sheet.write_string(0, column, text, head)
    for number, cells in enumerate(_rows(listing), start=1):
        for column, cell in enumerate(cells):
            if isinstance(cell, date):
                sheet.write_datetime(number, column, datetime(cell.year, cell.month, cell.day), day)
            elif isinstance(cell, (int, float)):
                sheet.write_number(number, column, cell)
            elif cell:
                sheet.write_string(number, column, cell)
    book.close()
    held.seek(0)
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return FileResponse(held, as_attachment=True, filename=f"{_file_name()}.xlsx", content_type=kind)


def _print(request: HttpRequest, listing: Listing) -> HttpResponse:
    """A page that is nothing but the list, for paper."""
    context: dict[str, Any] = {
        "title": listing.title,
        "heads": listing.heads,
        "rows": [[_shown(cell) for cell in cells] for cells in _rows(listing)],
        "now": timezone.now(),
        "person": current_user(request),
        "back": listing.address,
    }
    return render(request, "staff/printed_list.html", context)


def _shown(cell: Cell) -> str:
    return cell.isoformat() if isinstance(cell, date) else "" if cell is None else str(cell)


def _file_name() -> str:
    return f"list-{timezone.localtime():%Y%m%d-%H%M}"


FORMATS: dict[str, Callable[[HttpRequest, Listing], HttpResponseBase]] = {
    "csv": _csv,
    "xlsx": _xlsx,
    "print": _print,
}


def addresses(listed_at: str) -> Iterable[tuple[str, str]]:
    """For a list's page: the ways it may be taken along, each with its words."""
    words = {"csv": "CSV", "xlsx": _("Excel"), "print": _("Print the list")}
    return [(f"?{urlencode({'from': listed_at, 'format': form})}", word) for form, word in words.items()]
