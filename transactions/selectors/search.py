"""One search for every list of cases: by everything printed on a case, in any writing. Conditions only.

A number is looked up whole, by an index for each kind of number it may be, so that finding one costs the same however
many cases there are. Words are looked for in the applicant's folded name (accounts.models.User.name_key).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from django.db.models import Q, QuerySet, TextField
from django.db.models.fields.json import KT
from django.db.models.functions import Cast

from accounts.models import User
from accounts.search import people_condition
from core.text import compact, name_key, one_line, written_code
from journal.models import Chain

from ..domain import references
from ..domain.references import Reference
from ..domain.register_lines import read_line
from ..models import FeeDue, IssuedDocument, Movement, Register, Serial, Transaction
from ..papers.verification import paper_number
from ..transitions.decisions import payment_key

MAX_CHARACTERS = 80
_DIGITS = re.compile(r"[0-9]{1,9}")
# A reference without its beginning, its end or both.
_PART = re.compile(r"(?:(?:([A-Z][0-9A-Z])([A-Z])(?:[A-Z]{4})?-)?(1[3-5][0-9]{2})-)?([0-9]{1,9})(?:-([0-9A-Z]))?")
# What is printed before a number, in both languages: whoever copies the line copies it too. Folded.
_LABELS = frozenset(
    [
        *(
            "رقم",
            "معامله",
            "طلب",
            "ايصال",
            "رخصه",
            "محضر",
            "صك",
            "مخطط",
            "قطعه",
            "بلك",
            "سداد",
            "هويه",
            "اقامه",
            "جوال",
        ),
        *("transaction", "request", "reference", "receipt", "number", "no", "permit", "minutes", "letter", "deed"),
        *("plan", "parcel", "payment", "id", "iqama", "mobile"),
    ]
)
_BETWEEN = re.compile(r"[\s·•:،,;؛#№«»\"“”()<>]+")
# Requests from before these numbers were kept in one form hold them in the digits they were typed in.
_SCRIPTS = [str.maketrans("0123456789", digits) for digits in ("٠١٢٣٤٥٦٧٨٩", "۰۱۲۳۴۵۶۷۸۹")]


def search_cases(sought: str) -> Q:
    """The condition on transactions for what somebody typed into a list's box; everything when that is nothing."""
    text = one_line(sought)[:MAX_CHARACTERS]
    if not text:
        return Q()
    if not any(char.isdigit() for char in text):
        return people_condition(text, "applicant__")
    first, *others = [rows.order_by().values_list("pk", flat=True) for rows in _number_queries(_strip_labels(text))]
    return Q(pk__in=first.union(*others))


def _strip_labels(text: str) -> str:
    """A number as it is copied from a page, without the words printed before it: «المخطط 415 · القطعة 27» is 415/27."""
    parts = [part for part in _BETWEEN.split(text) if part]
    numbers = [part for part in parts if name_key(part).removeprefix("ال") not in _LABELS]
    if not numbers or (numbers == parts and len(parts) > 1):
        return text
    plot = len(numbers) == 2 and numbers != parts and all(any(map(str.isdigit, number)) for number in numbers)
    return "/".join(numbers) if plot else " ".join(numbers)


def _number_queries(text: str) -> Iterator[QuerySet[Transaction]]:
    """For each kind of number the text may be, the transactions that bear it."""
    yield Transaction.objects.filter(reference__in=_references(text))
    yield Transaction.objects.filter(applicant__in=User.objects.filter(people_condition(text)).values("pk"))
    for reader in (*_READERS, *_other_readers):
        if (matches := reader(text)) is not None:
            yield matches


def _references(text: str) -> list[str]:
    """A whole reference; or those a serial, with or without what stands around it, may mean."""
    if parsed := references.parse(text):
        return [str(parsed)]
    part = _PART.fullmatch(written_code(text).upper())
    if not part:
        return []
    node, letter, year, serial, check = part.groups()
    lots = {(chain.node, chain.incarnation): chain.lot for chain in Chain.objects.all()}
    possible = [
        str(Reference(*place, row.hijri_year, int(serial), lots.get(place, "")))
        for row in Serial.objects.all()
        for place in [(row.node, row.incarnation)]
        if (node is None or (node, letter) == place) and (year is None or int(year) == row.hijri_year)
    ]
    return [reference for reference in possible if check is None or reference.endswith(f"-{check}")]


def _register_line(text: str) -> QuerySet[Transaction] | None:
    """38/1448 as printed, or the number alone: in every register there is, which is how their index begins."""
    line, code = read_line(text), written_code(text)
    if line is None and not _DIGITS.fullmatch(code):
        return None
    number, year = line or (int(code), None)
    books = [book for book in Register.objects.all() if year in (None, book.hijri_year)]
    lines = Movement.objects.filter(
        office__in={book.office_id for book in books},
        direction__in={book.direction for book in books},
        hijri_year__in={book.hijri_year for book in books},
        number=number,
    )
    return Transaction.objects.filter(pk__in=lines.order_by().values("transaction"))


def _paper(text: str) -> QuerySet[Transaction] | None:
    number = paper_number(text)
    issued = IssuedDocument.objects.filter(number=number).order_by().values("transaction")
    return Transaction.objects.filter(pk__in=issued) if number else None


def _payment(text: str) -> QuerySet[Transaction]:
    return Transaction.objects.filter(pk__in=FeeDue.objects.filter(payment_key=payment_key(text)).values("transaction"))


def _office(text: str) -> QuerySet[Transaction]:
    return Transaction.objects.filter(authorisation__office__licence_number=written_code(text).upper())


def _deed(text: str) -> QuerySet[Transaction] | None:
    number = compact(text)
    return with_answers(deed_number=stored_spellings(number)) if re.fullmatch("[0-9]{6,16}", number) else None


def _plan(text: str) -> QuerySet[Transaction]:
    return with_answers(plan_number=stored_spellings(written_code(text)))


def _parcel(text: str) -> QuerySet[Transaction]:
    return with_answers(parcel_number=stored_spellings(written_code(text)))


def _plot(text: str) -> QuerySet[Transaction] | None:
    """Plan and parcel as they are printed together, 415/ج/س/27."""
    parts = written_code(text).split("/")
    rows = None
    for cut in range(1, min(len(parts), 5)):
        plan, parcel = "/".join(parts[:cut]), "/".join(parts[cut:])
        plot_rows = with_answers(plan_number=stored_spellings(plan), parcel_number=stored_spellings(parcel))
        rows = plot_rows if rows is None else rows | plot_rows
    return rows


def stored_spellings(number: str) -> list[str]:
    """A canonical number in each form it may be stored in."""
    letters = dict.fromkeys([number, number.upper(), number.lower()])
    return list(
        dict.fromkeys(form for letter in letters for form in [letter, *(letter.translate(s) for s in _SCRIPTS)])
    )


def with_answers(**numbers: list[str]) -> QuerySet[Transaction]:
    """By answers that have an index of their own."""
    # Cast, so that it is compared as text on either engine; PostgreSQL sees through it to the index.
    annotations = {f"said_{name}": Cast(KT(f"answers__{name}"), TextField()) for name in numbers}
    rows = Transaction.objects.alias(**annotations)
    return rows.filter(**{f"said_{name}__in": values for name, values in numbers.items()})


def find_also(reader: Callable[[str], QuerySet[Transaction] | None]) -> None:
    """Have lists of cases find what a room above this one knows them by."""
    _other_readers.append(reader)


_other_readers: list[Callable[[str], QuerySet[Transaction] | None]] = []
_READERS: tuple[Callable[[str], QuerySet[Transaction] | None], ...] = (
    *(_register_line, _paper, _payment, _office, _deed, _plan, _parcel, _plot),
)
