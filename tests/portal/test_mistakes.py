"""Whoever made a mistake hears of it first: in the title of the page, and by the list of mistakes taking the focus."""

from __future__ import annotations

import base64
import re

import pytest
from django.urls import reverse

from transactions.domain import service_types
from transactions.intake import drafts

from ..conftest import PASSWORD

pytestmark = pytest.mark.django_db
TITLE = re.compile(r"<title>\s*(.*?)</title>", re.DOTALL)
FORGED = base64.urlsafe_b64encode(bytes(96) + b'{"node":"C1","inc":"A"}').rstrip(b"=").decode()
WRONG = {
    "account_login": ("", {"login": "1000000008", "password": "wrong"}),
    "accounts:first": ("", {"sent": "1"}),
    "accounts:code": ("", {"code": "x"}),
    "account_change_password": ("citizen", {"oldpassword": PASSWORD}),
    "accounts:profile": ("citizen", {"email": "x"}),
    "accounts:authorisations": ("citizen", {"sent": "1"}),
    "transactions:inquiry": ("", {"sent": "1"}),
    "transactions:withdraw": ("citizen", {"reason": "x" * 3000}),
    "transactions:step": ("citizen", {"sent": "1"}),
    "transactions:check": ("citizen", {"sent": "1"}),
    "staff:counter": ("clerk", {"sent": "1"}),
    "staff:intake": ("clerk", {"sent": "1"}),
}


@pytest.fixture
def address(cast, submitted, client):
    service = service_types.get("electricity-connection")
    mine = drafts.start_draft(service, by=cast.citizen)
    centre = cast.clerk.posts.get().office
    begun = drafts.start_draft(service, by=cast.clerk, applicant=cast.other_citizen, centre=centre)
    args = {
        "transactions:withdraw": [submitted().reference],
        "transactions:step": [mine.key, service.steps[0].code],
        "transactions:check": [mine.key],
        "staff:intake": [begun.key],
    }
    return lambda name: reverse(name, args=args.get(name))


@pytest.mark.parametrize("name", WRONG)
def test_a_page_with_mistakes_says_so_in_its_title_and_before_anything_else(name, address, cast, client, signed_in):
    who, typed = WRONG[name]
    page = signed_in(getattr(cast, who)) if who else client
    if name == "accounts:code":
        person = {"national_id": cast.citizen.national_id, "full_name": "x", "phone": cast.citizen.phone}
        page.post(reverse("accounts:first"), person)
    right = page.get(address(name)).content.decode()
    wrong = page.post(address(name), typed).content.decode()
    assert (TITLE.search(right)[1].startswith("خطأ: "), TITLE.search(wrong)[1].startswith("خطأ: ")) == (False, True)
    # Of several that ask for the focus a browser gives it to the first.
    assert "notice--error" in re.search(r"<[^>]*\sautofocus\b[^>]*>", wrong)[0]


def test_what_is_part_of_a_page_is_no_live_region(client, cast):
    """A page read from its beginning needs no alarm in its middle."""
    html = client.get(reverse("journal:verify_token", args=[FORGED])).content.decode()
    assert '<div class="notice notice--error">' in html
