"""A page that keeps itself up to date asks often; while nothing happens the answer costs next to nothing."""

from __future__ import annotations

import pytest
from django.urls import reverse

from transactions.transitions import moves

from ..conftest import NOW, drive
from .test_pages import queries

pytestmark = pytest.mark.django_db


def test_while_nothing_happens_the_answer_is_empty(cast, submitted, signed_in):
    case = submitted()
    page, url = signed_in(cast.citizen), reverse("transactions:timeline", args=[case.reference])
    whole = page.get(url)
    assert f'data-version="{case.stamp}"' in whole.content.decode()
    nothing = page.get(url, {"seen": case.stamp})
    assert (nothing.status_code, nothing.content) == (204, b"")
    moved = moves.register(case, by=cast.registry, now=NOW)
    something = page.get(url, {"seen": case.stamp})
    assert something.status_code == 200
    assert f'data-version="{moved.stamp}"' in something.content.decode()
    assert queries(page, url) <= 12


def test_what_can_be_done_is_among_what_keeps_itself_up_to_date(cast, submitted, signed_in):
    case = submitted("building-permit")
    page, url = signed_in(cast.citizen), reverse("transactions:timeline", args=[case.reference])
    withdraw = reverse("transactions:withdraw", args=[case.reference])
    assert withdraw in page.get(url).content.decode()
    case = drive(case, cast, "awaiting_payment")
    html = page.get(url).content.decode()
    bill, fee = html[html.index('<section class="bill"') :].split("</section>", 1)
    assert f"{case.fee.amount:,}" in bill
    assert fee.count(f"{case.fee.amount:,}") == 2  # in the sentence of the approval, and with how it was worked out
    case = drive(case, cast, "issued")
    issued = case.issued_documents.get()
    html = page.get(url).content.decode()
    assert reverse("transactions:document", args=[case.reference, issued.kind]) in html
    assert withdraw not in html
    assert "data-closed" in html
    assert queries(page, url) <= 12


@pytest.mark.parametrize("seen", ["", "x", "-1", "٣", "9" * 40])
def test_whatever_is_said_to_have_been_seen_is_answered(seen, cast, submitted, signed_in):
    url = reverse("transactions:timeline", args=[submitted().reference])
    assert signed_in(cast.citizen).get(url, {"seen": seen}).status_code == 200


def test_a_stranger_learns_nothing_from_it(cast, submitted, signed_in):
    case = submitted()
    url = reverse("transactions:timeline", args=[case.reference])
    assert signed_in(cast.other_citizen).get(url, {"seen": case.version}).status_code == 404
