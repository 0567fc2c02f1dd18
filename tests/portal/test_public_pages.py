"""What needs no person asks no session, whatever cookie a browser brings, and names nobody."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from jeddah_portal.public import FROM_THE_COPY, WORDS_ONLY

pytestmark = pytest.mark.django_db
PAGES = (
    "/",
    "/services/",
    "/services/building-permit/",
    "/search/?q=رخصة",
    "/contact/",
    "/terms/",
    "/inquiry/",
    "/inquiry/?by=incoming",
    "/help/",
    "/privacy/",
    "/accessibility/",
    "/books/",
    "/figures/",
    "/verify/",
    "/verify/?code=abc",
    "/verify/abc/",
    "/verify/nodes.json",
    "/verify/offline.html",
    "/api/v1/docs/",
    "/nowhere/",
)
# The files of the node list: tests have none.
NOT_HERE = ("/nowhere/", "/verify/nodes.json", "/verify/offline.html")
# Files, and pages of what was not published yet: they answer whoever asks, or are not there.
FILES = (
    "/books/2026-11-24/",
    "/books/2026-11-24.json",
    "/figures/figures.csv",
    "/figures/figures.json",
    "/figures/2026-11/",
    "/figures/2026-11.csv",
    "/figures/2026-11.json",
)
OF_PEOPLE = ("django_session", "accounts_user", "accounts_staffpost", "accounts_officemembership")


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("cookie", ["live", "forged", "none"])
def test_a_page_for_everybody_asks_for_nobody(path, cookie, cast, signed_in):
    client = signed_in(cast.citizen) if cookie == "live" else Client()
    if cookie == "forged":
        client.cookies[settings.SESSION_COOKIE_NAME] = "x" * 32
    with CaptureQueriesContext(
        connection,
    ) as asked:
        answer = client.get(path)
    assert answer.status_code == (404 if path in NOT_HERE else 200)
    assert not [query["sql"] for query in asked if any(table in query["sql"] for table in OF_PEOPLE)]
    page = answer.content.decode()
    assert cast.citizen.full_name not in page
    assert ('href="/profile/"' in page) == (cookie != "none")


@pytest.mark.parametrize("path", FILES)
def test_a_file_for_everybody_asks_for_nobody(path, cast, signed_in):
    client = signed_in(cast.citizen)
    with CaptureQueriesContext(connection) as asked:
        assert client.get(path).status_code in (200, 404)
    assert not [query["sql"] for query in asked if any(table in query["sql"] for table in OF_PEOPLE)]


@pytest.mark.parametrize("key", ["session", "token", "forged"])
def test_a_program_that_asks_what_anybody_may_read_is_not_asked_who_it_is(key, cast, signed_in):
    client = signed_in(cast.citizen) if key == "session" else Client()
    bearer = {"token": "a" * 64, "forged": "x"}.get(key)
    more = {"headers": {"authorization": f"Token {bearer}"}} if bearer else {}
    offered = "/api/v1/services/building-permit/"
    for path in ("/api/v1/services/", offered, "/api/v1/offices/", "/api/v1/districts/", "/api/v1/schema/"):
        with CaptureQueriesContext(connection) as asked:
            assert client.get(path, **more).status_code == 200
        assert not [row["sql"] for row in asked if any(name in row["sql"] for name in (*OF_PEOPLE, "knox_authtoken"))]


def test_the_cookie_of_whoever_is_signed_in_survives_them(cast, signed_in):
    client = signed_in(cast.citizen)
    for path in PAGES:
        client.get(path)
    assert cast.citizen.full_name in client.get("/requests/").content.decode()


def test_a_right_inquiry_of_somebody_signed_in_asks_for_nobody_either(submitted, cast, signed_in):
    from transactions.domain import pins

    case = submitted()
    client = signed_in(cast.other_citizen)
    typed = {"by": "pin", "reference": case.reference, "pin": pins.derive_pin(case.reference)}
    with CaptureQueriesContext(connection) as asked:
        answer = client.post("/inquiry/", typed)
    assert answer.status_code == 200
    assert case.reference in answer.content.decode()
    assert not [query["sql"] for query in asked if "django_session" in query["sql"] or "accounts_user" in query["sql"]]


def test_signing_out_is_said_on_the_first_public_page(cast, signed_in):
    client = signed_in(cast.citizen)
    client.post("/accounts/logout/")
    assert client.get("/").status_code == 200


def test_the_lists_name_pages_that_exist():
    from django.urls import resolve

    found = {resolve(path.partition("?")[0]).view_name for path in (*PAGES, *FILES) if path != "/nowhere/"}
    assert found == FROM_THE_COPY | WORDS_ONLY
