"""Slips nobody accounts for: which they are, who sees them, and the list as a file."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import AccessRecord, Act
from transactions.booklets import ledger
from transactions.booklets.unaccounted import by_office, unaccounted_for
from transactions.models import Slip

from ..conftest import NOW
from ..paper import asked, begun, handed, printed, staff
from ..staff.test_exports import EXPORT, read_csv, read_xlsx

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
ADDRESS = "/staff/booklets/unaccounted/"


@pytest.fixture
def second(cast):
    return staff("second administrator", 61, "CTR", "administrator")


@pytest.fixture
def booklet(cast, second):
    return handed(cast, second, size=9)


def slip(booklet, index):
    return Slip.objects.select_related("booklet__office").get(booklet=booklet, index=index)


def missing(booklet):
    return [row.index for row in unaccounted_for().filter(booklet=booklet)]


def used(booklet, index, submitted):
    """As entering leaves it: the request is there."""
    Slip.objects.filter(booklet=booklet, index=index).update(transaction=submitted(), entered_at=NOW)


@pytest.mark.parametrize("last", [1, 4, 9])
@pytest.mark.parametrize("how", ["entered", "void"])
def test_slips_before_one_that_was_used(how, last, cast, booklet, submitted):
    assert missing(booklet) == []
    if how == "entered":
        used(booklet, last, submitted)
    else:
        ledger.spoil(slip(booklet, last), reason="torn", by=cast.clerk, now=NOW)
    assert missing(booklet) == list(range(1, last))


def test_what_is_known_of_a_slip_accounts_for_it(cast, second, booklet, submitted):
    used(booklet, 9, submitted)
    used(booklet, 1, submitted)
    ledger.spoil(slip(booklet, 2), reason="torn", by=cast.clerk, now=NOW)
    begun(cast, slip(booklet, 3), written_at=None)
    asked(cast, slip(booklet, 4), written_at=None)
    assert missing(booklet) == [5, 6, 7, 8]
    ledger.report_lost(booklet, first=7, reason="stolen", by=cast.clerk, now=NOW)
    assert missing(booklet) == [5, 6]
    # One that was lost, turned up and may be entered again is somebody's request.
    ledger.hold(slip(booklet, 8), reason="brought", by=cast.clerk, now=NOW)
    assert missing(booklet) == [5, 6]
    ledger.release(slip(booklet, 8), reason="seen", by=second, now=NOW)
    assert missing(booklet) == [5, 6, 8]
    # What was begun and given up counts again.
    Slip.objects.get(booklet=booklet, index=3).draft.delete()
    assert missing(booklet) == [3, 5, 6, 8]


def test_a_booklet_that_is_not_out_misses_none(cast, second):
    (inside,) = printed(cast, second, size=3)
    ledger.spoil(slip(inside, 3), reason="badly printed", by=cast.administrator, now=NOW)
    assert missing(inside) == []


@pytest.fixture
def two_centres(cast, second, booklet, submitted):
    """Four of SC01's missing, one of another centre's."""
    used(booklet, 5, submitted)
    elsewhere = staff("clerk elsewhere", 62, "SC02", "centre_clerk")
    other = handed(cast, second, now=NOW + HOUR, office="SC02", to=elsewhere, size=4)
    used(other, 2, submitted)
    cast.everyone["clerk elsewhere"] = elsewhere
    return booklet, other


def test_by_centre(two_centres):
    booklet, other = two_centres
    rows = [(row.office.code, row.many, row.since) for row in by_office()]
    assert rows == [("SC01", 4, booklet.handed_at), ("SC02", 1, other.handed_at)]
    assert [row.office.code for row in by_office([other.office_id])] == ["SC02"]
    assert by_office([]) == []


def test_each_sees_their_own_centres(cast, two_centres, signed_in):
    own = {
        cast.administrator: {"SC01", "SC02"},
        cast.clerk: {"SC01"},
        cast.everyone["clerk elsewhere"]: {"SC02"},
    }
    for person, codes in own.items():
        page = signed_in(person).get(ADDRESS)
        assert {row.booklet.office.code for row in page.context["page"]} == codes
        assert {row.office.code for row in page.context["offices"]} == codes
        # Nobody reaches further by asking for another centre.
        for code in ("SC01", "SC02"):
            asked_for = signed_in(person).get(ADDRESS, {"office": code}).context["page"]
            assert {row.booklet.office.code for row in asked_for} == codes & {code}
    assert list(signed_in(cast.administrator).get(ADDRESS, {"office": "nowhere"}).context["page"]) == []
    for person in (cast.reviewer, cast.registry):
        assert signed_in(person).get(ADDRESS).status_code == 404
        assert signed_in(person).get(EXPORT, {"from": ADDRESS, "format": "csv"}).status_code == 404


def test_the_list_as_a_file(cast, two_centres, signed_in):
    page = signed_in(cast.administrator)
    left = f"{ADDRESS}?office=SC01"
    shown = [row.number for row in page.get(left).context["page"]]
    assert len(shown) == 4
    for form, read in (("csv", read_csv), ("xlsx", lambda answer: read_xlsx(answer)[0])):
        heads, *rows = read(page.get(EXPORT, {"from": left, "format": form}))
        assert [row[0] for row in rows] == shown, form
        assert len(heads) == len(rows[0]) == 6
    everything = read_csv(page.get(EXPORT, {"from": ADDRESS, "format": "csv"}))
    assert len(everything) == 6
    clerks = read_csv(signed_in(cast.clerk).get(EXPORT, {"from": f"{ADDRESS}?office=SC02", "format": "csv"}))
    assert clerks[1:] == []
    assert shown[0] in page.get(EXPORT, {"from": left, "format": "print"}).content.decode()
    assert AccessRecord.objects.filter(act=Act.EXPORT, why="csv, 4 rows").exists()


def test_a_booklets_own_page_says_the_same(cast, two_centres, signed_in):
    booklet, _other = two_centres
    page = signed_in(cast.clerk).get(reverse("staff:booklet", args=[booklet.pk]))
    assert [row.index for row in page.context["gaps"]] == missing(booklet) == [1, 2, 3, 4]


def test_a_long_list_asks_the_database_no_more_often(cast, second, booklet, submitted, signed_in):
    page = signed_in(cast.administrator)
    used(booklet, 3, submitted)
    page.get(ADDRESS)  # what a process remembers is remembered then
    with CaptureQueriesContext(connection) as few:
        assert len(page.get(ADDRESS).context["page"]) == 2
    used(booklet, 9, submitted)
    with CaptureQueriesContext(connection) as many:
        assert len(page.get(ADDRESS).context["page"]) == 7
    assert len(many) == len(few)
