"""What can be read by GET can be asked for by HEAD, as HTTP wants; a press is never a page that refuses its reader."""

from __future__ import annotations

import pytest
from django.db import transaction
from django.urls import reverse

from .world import build, client_of, routes

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]

PRESSES = {
    "accounts:program_end": ([], "accounts:programs"),
    "accounts:revoke": ([1], "accounts:authorisations"),
    "accounts:answer": ([1], "accounts:office_authorisations"),
    "transactions:notices_read": ([], "transactions:notices"),
}


@pytest.mark.parametrize("actor", ["nobody", "applicant", "engineer"])
def test_head_says_what_get_says(actor, cast, submitted):
    world = build(cast, submitted)
    client = client_of(world.who(actor))
    different = {}
    for route in (route for route in routes() if not route.startswith("/staff/")):
        url = world.url(route)
        with transaction.atomic():
            got, head = client.get(url), client.head(url)
            transaction.set_rollback(True)
        if got.status_code != head.status_code:
            different[url] = got.status_code, head.status_code
    assert different == {}


@pytest.mark.parametrize("name", PRESSES)
def test_the_address_of_a_press_leads_to_its_button(name, cast, signed_in):
    args, page = PRESSES[name]
    url, client = reverse(name, args=args), signed_in(cast.citizen)
    assert client.get(url).url == client.head(url).url == reverse(page)
    assert client.put(url).status_code == 405
