"""Lists as files: exactly the rows of the filter in its order, Arabic that opens right, no formulas, on record."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from datetime import date, timedelta
from urllib.parse import urlencode
from xml.etree import ElementTree

import pytest
from django.utils import timezone
from django.utils.html import escape

from accounts.models import AccessRecord, Act, User
from transactions.admin import exports
from transactions.models import Transaction
from transactions.transitions import moves

from ..conftest import NOW, drive

pytestmark = pytest.mark.django_db
EXPORT = "/staff/export/"


def read_csv(answer) -> list[list[str]]:
    content = b"".join(answer.streaming_content)
    assert content.startswith(b"\xef\xbb\xbf"), "its mark, by which spreadsheets know UTF-8"
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


def read_xlsx(answer) -> tuple[list[list[str]], str]:
    """The cells of the first sheet as text, and its XML."""
    book = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))
    sheet = book.read("xl/worksheets/sheet1.xml").decode()
    names = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
    rows = []
    for row in ElementTree.fromstring(sheet).iterfind(".//m:row", names):  # noqa: S314 – written by ourselves
        cells = []
        for cell in row.iterfind("m:c", names):
            text, value = cell.find(".//m:t", names), cell.find("m:v", names)
            cells.append(text.text if text is not None else value.text if value is not None else "")
        rows.append(cells)
    return rows, sheet


@pytest.fixture
def files(cast, submitted):
    made = [drive(submitted(by=by), cast, "under_study") for by in (cast.citizen, cast.other_citizen, cast.citizen)]
    moves.take(made[0], by=cast.reviewer, now=NOW)
    for number, case in enumerate(made):
        Transaction.objects.filter(pk=case.pk).update(stage_due_at=NOW + timedelta(days=9 - number))
    return made


@pytest.mark.parametrize("left", ["/staff/", "/staff/?show=free", "/staff/?sort=-number", "/staff/?q=other%20citizen"])
def test_a_file_holds_the_rows_of_its_list_in_their_order(left, cast, files, signed_in):
    page = signed_in(cast.reviewer)
    shown = [case.reference for case, _due in page.get(left).context["rows"]]
    assert shown
    for form, read in (("csv", read_csv), ("xlsx", lambda answer: read_xlsx(answer)[0])):
        rows = read(page.get(EXPORT, {"from": left, "format": form}))
        assert [row[0] for row in rows[1:]] == shown, form
        assert rows[0][:3] == ["الرقم", "الخدمة", "مقدم الطلب"]
        assert len({len(row) for row in rows}) == 1 or form == "xlsx"


def test_all_pages_of_a_list_are_taken_and_a_supervisors_list_too(cast, files, signed_in, monkeypatch):
    monkeypatch.setattr("transactions.admin.queue.ROWS", 1)
    page = signed_in(cast.reviewer)
    assert len(read_csv(page.get(EXPORT, {"from": "/staff/?page=2", "format": "csv"}))) == 4
    supervised = signed_in(cast.supervisor).get(
        EXPORT, {"from": f"/staff/supervision/?show=everything&person={cast.reviewer.pk}", "format": "csv"}
    )
    assert [row[0] for row in read_csv(supervised)[1:]] == [files[0].reference]


NAMES = [
    "=1+1", "+9665", "-2+3", "@SUM(A1)", "\t=1", " =cmd|' /C calc'!A0", "عادي", "\u00a0=1", "＝1+1", "＠SUM(A1)",
    "محمد;=1+1", "محمد; =HYPERLINK(1)", "محمد\t@SUM(A1)", "a|-1", 'x"; ＋1', "a;b;=1",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_no_name_becomes_a_formula(name, cast, files, signed_in):
    """Nor where the reader's spreadsheet separates by something else than commas."""
    User.objects.filter(pk=cast.citizen.pk).update(full_name=name)
    page = signed_in(cast.reviewer)
    cells = {row[2] for row in read_csv(page.get(EXPORT, {"from": "/staff/", "format": "csv"}))[1:]}
    parts = [part for cell in cells for part in re.split(r"[;\t|\r\n]", cell)]
    assert not any(part.lstrip()[:1] in tuple("=+-@＝＋－＠") for part in parts)
    _rows, sheet = read_xlsx(page.get(EXPORT, {"from": "/staff/", "format": "xlsx"}))
    assert "<f>" not in sheet


@pytest.mark.parametrize("name", ["أحمد - جدة", "شارع 5-6", "a; b", "2026-11-28", "x=y"])
def test_what_is_no_formula_stays_as_it_is(name):
    assert exports.harmless(name) == name


@pytest.mark.parametrize("query", ["nothing=1", "id__exact=x", "o=z", "p=-9", "staff_posts__x=1"])
def test_an_address_no_list_has_is_not_found(query, cast, signed_in):
    page = signed_in(cast.administrator)
    asked = {"from": f"/staff/accounts/user/?{query}", "format": "csv"}
    assert page.get(EXPORT, asked).status_code in (200, 400, 404)


def test_dates_are_dates_and_the_sheet_reads_from_the_right_in_arabic(cast, files, signed_in):
    rows, sheet = read_xlsx(signed_in(cast.reviewer).get(EXPORT, {"from": "/staff/", "format": "xlsx"}))
    assert 'rightToLeft="1"' in sheet
    submitted = timezone.localdate(NOW)
    assert int(rows[1][-1]) == (submitted - date(1899, 12, 30)).days


def test_who_took_what_is_on_record(cast, files, signed_in):
    left = f"/staff/?{urlencode({'show': 'free'})}"
    signed_in(cast.reviewer).get(EXPORT, {"from": left, "format": "xlsx"})
    row = AccessRecord.objects.get(act=Act.EXPORT)
    assert (row.by, row.why) == (cast.reviewer, "xlsx, 2 rows")
    assert left in row.subject


def test_nobody_takes_a_list_that_is_not_theirs(cast, files, signed_in):
    others = [
        (cast.other_reviewer, "/staff/supervision/"),
        (cast.reviewer, "/staff/supervision/"),
        (cast.reviewer, "/staff/journal/entry/"),
        (cast.reviewer, "/staff/accounts/user/"),
        (cast.reviewer, "/staff/transactions/outbox/"),
        (cast.supervisor, "https://evil.example/staff/"),
        (cast.supervisor, "/requests/"),
        (cast.supervisor, ""),
    ]
    for person, left in others:
        assert signed_in(person).get(EXPORT, {"from": left, "format": "csv"}).status_code == 404, left
    assert signed_in(cast.reviewer).get(EXPORT, {"from": "/staff/", "format": "exe"}).status_code == 404
    assert read_csv(signed_in(cast.other_reviewer).get(EXPORT, {"from": "/staff/", "format": "csv"}))[1:] == []
    assert AccessRecord.objects.filter(act=Act.EXPORT).count() == 1


def test_djangos_own_lists_are_taken_as_their_pages_show_them(cast, files, signed_in):
    page = signed_in(cast.registry)
    left = "/staff/transactions/movement/?direction__exact=in"
    assert escape(f"{EXPORT}?{urlencode({'from': left, 'format': 'csv'})}") in page.get(left).content.decode()
    rows = read_csv(page.get(EXPORT, {"from": left, "format": "csv"}))
    assert {row[3] for row in rows[1:]} == {case.reference for case in files}
    assert not any("<" in cell for row in rows for cell in row)
    cases = read_csv(page.get(EXPORT, {"from": "/staff/transactions/transaction/?q=other+citizen", "format": "csv"}))
    assert len(cases) == 2


def test_a_list_too_long_is_refused_in_words_and_not_on_record(cast, files, signed_in, monkeypatch):
    monkeypatch.setattr(exports, "MAX_ROWS", 2)
    monkeypatch.setattr(exports, "MAX_PRINTED", 2)
    page = signed_in(cast.reviewer)
    for form in ("csv", "xlsx", "print"):
        answer = page.get(EXPORT, {"from": "/staff/", "format": form}, follow=True)
        assert "3" in str(next(iter(answer.context["messages"])))
    assert not AccessRecord.objects.filter(act=Act.EXPORT).exists()


def test_a_printed_list_holds_all_rows_who_and_when(cast, files, signed_in):
    html = signed_in(cast.reviewer).get(EXPORT, {"from": "/staff/", "format": "print"}).content.decode()
    assert all(case.reference in html for case in files)
    assert cast.reviewer.full_name in html


def test_a_long_list_asks_the_database_no_more_often_than_a_short_one(
    cast, files, signed_in, django_assert_max_num_queries
):
    values = {field.attname: getattr(files[0], field.attname) for field in Transaction._meta.concrete_fields}
    Transaction.objects.bulk_create(
        Transaction(**values | {"id": None, "reference": f"X-{number}"}) for number in range(300)
    )
    page = signed_in(cast.reviewer)
    with django_assert_max_num_queries(9):
        assert len(read_csv(page.get(EXPORT, {"from": "/staff/", "format": "csv"}))) == 304
