"""Every address that answers with a page is in tests/journeys/pages.py: for axe, the scales and the pictures."""

from __future__ import annotations

import re

import pytest
from django.urls import resolve

from ..journeys.pages import OTHERS, PUBLIC
from .world import in_order, routes

pytestmark = pytest.mark.embedded

# What is no page, and why. A line is the beginning of addresses; one that ends in $ is a whole address.
NO_PAGE = {
    "/api/v1/(?!docs/)": "JSON, for programs",
    r"/favicon\.ico$": "goes to a picture",
    r"/robots\.txt$|/sitemap\.xml$|/\.well-known/": "for programs",
    r"/books/<str:day>\.json$|/figures/.*\.(csv|json)$": "files",
    r"/verify/certificates\.pem$": "a file",
    r"/verify/(nodes\.json|offline\.html)$": "files, for programs and to take along",
    "/healthz$": "for probes",
    "/readyz$": "for probes",
    "/metrics$": "for Prometheus",
    "/language/$": "sets the language and goes back",
    "/apply/": "begins a draft and goes to it",
    r"/drawings/template\.dxf$": "a file",
    "/drawings/checks/<uuid:key>/.": "takes a press and goes back",
    "/drafts/<uuid:key>/documents/<slug:code>/(photographs/add/)?$": "takes a file in pieces, for the script",
    "/requests/<str:reference>/answer/<int:pk>/(photographs/add/)?$": "takes a file in pieces, for the script",
    "/requests/<str:reference>/objection/file/$": "takes a file in pieces, for the script",
    "/(requests/<str:reference>/answer|staff/counter/answers/<str:reference>)/<int:pk>/photographs/$": (
        "the page of a draft's photographs: draft-photographs"
    ),
    "/staff/counter/answers/<str:reference>/<int:pk>/(photographs/add/)?$": "takes a file in pieces, for the script",
    "/requests/<str:reference>/timeline/$": "the live part of the page of a request, for the script",
    "/emblem$": "a picture",
    "/bank/notices/$": "for the bank",
    "/requests/<str:reference>/bill/new/$": "takes a press and goes back",
    "/requests/<str:reference>/bill/returned/$": "asks the bank and goes to the request",
    "/staff/billing/.*/settle/$": "takes a press and goes back",
    "/files/": "a file, or a picture of one",
    "/requests/<str:reference>/papers/<int:pk>/$": "a file, and a page that reloads itself until it is made",
    "/requests/<str:reference>/receipt/pdf/$": "takes a press and goes to the file",
    "/requests/<str:reference>/(pin|resume|again)/$": "takes a press and goes back",
    "/notices/read/$": "takes a press and goes back",
    "/profile/data/$": "a file",
    "/staff/absences/<int:pk>/end/$": "takes a press and goes back",
    "/staff/texts/<int:pk>/": "there is one only once a template was written: staff-text",
    "/staff/notices/(read|mail)/$": "takes a press and goes back",
    "/staff/counter/numbers/$": "takes a press and goes to a number, or back",
    "/staff/paper/<int:pk>/$": "there is one only while a slip waits for somebody",
    "/staff/booklets/<int:pk>/": "there is one only once booklets were printed: staff-booklet; and a file",
    "/staff/imports/<int:pk>/": "there is one only once a list was brought: staff-import",
    "/staff/imports/outlines/<int:pk>/": "there is one only once a file was brought: staff-outline-import",
    "/(staff/counter/)?delegations/<int:pk>/end/$": "takes a press and goes back",
    "/sign-on/|/profile/(confirm|mobile/code)/$": "there is none without a provider; tests/journeys/test_sign_on.py",
    "/profile/email/$": "takes a press and goes back",
    "/profile/programs/end/$": "takes a press and goes back",
    "/authorisations/<int:pk>/revoke/$": "takes a press and goes back",
    "/office/authorisations/<int:pk>/answer/$": "takes a press and goes back",
    "/staff/take-next/$": "takes a file and goes to it",
    "/staff/cases/<str:reference>/.": "takes a move or a note and goes back",
    r"/staff/bulk/$|/staff/bulk/<uuid:key>/(start|cancel|undo)/$": "takes a press and goes to the page of the action",
    "/staff/bulk/<uuid:key>/file/$": "a file",
    "/staff/filters/": "takes a press and goes back to the list",
    "/staff/login/$": "goes to the sign-in of everybody",
    "/accounts/(signup|password/forgotten|set|email)/$": "goes to a page of ours that does this",
    "/accounts/2fa/recovery-codes/download/$": "a file",
    "/staff/(autocomplete|jsi18n)/$": "JSON and words, for scripts",
    "/staff/r/": "goes to the public page of a row",
    r"/staff/\(\?P<url>": "answers 404, or adds the slash that is missing",
    "/staff/.*<path:object_id>/$": "goes to the form of a row, or to a case",
    "/staff/accounts/proposal/<path:object_id>/answer/$": "takes a press and goes back",
    "/staff/.*/delete/$": "refused: nothing is deleted here",
    "/staff/(logout|password_change|password_change/done)/$": "goes to where everybody does this",
    "/staff/transactions/transaction/.": "goes to the case",
    "/staff/outside/referral/bodies/<slug:body>/again/$": "takes a press and goes back",
    "/outside/": "for programs of bodies outside",
    "/boxes/": "for office boxes",
    "/staff/boxes/delivered/boxes/<slug:node>/(enrol|end)/$": "takes a press and goes back",
    "/staff/boxes/delivered/boxes/<slug:node>/(file|word|news)/$": "files",
    "/staff/boxes/delivered/quarantine/<int:pk>/$": "is listed under a number, which no key fits: staff-delivered",
    "/staff/outside/referral/letters/<int:pk>/sent/$": "takes a press and goes back",
}
# Django's own templates, drawn for each model alike: one of each is listed.
ALIKE = {
    "/add/$": "/staff/accounts/staffpost/add/",
    "/<path:object_id>/history/$": "/staff/municipality/office/<path:object_id>/history/",
    r"/history/\(\[": "/staff/municipality/office/^([^/]+)/history/([^/]+)/$",
}


def listed() -> set[str]:
    """The addresses, as they are declared, that pages.py opens."""
    some = "00000000-0000-4000-8000-000000000000"  # fits wherever a key, a number or a name is asked for
    paths = {path for shown in (*PUBLIC, *OTHERS) for path in (shown.path, shown.leads_to) if path}
    opened = (re.sub(r"{\w+}|\*", some, path.split("?")[0]) for path in paths if path != "/nowhere/")
    return {in_order("/" + resolve(path).route) for path in opened}


def test_every_page_is_listed():
    seen = listed()
    missing = []
    for route in routes():
        like = next((one for end, one in ALIKE.items() if route.startswith("/staff/") and re.search(end, route)), route)
        if not any(re.match(start, route) for start in NO_PAGE) and like.replace("/^", "/") not in seen:
            missing.append(route)
    assert missing == []


@pytest.mark.parametrize("start", NO_PAGE)
def test_what_is_no_page_is_still_an_address(start):
    assert any(re.match(start, route) for route in routes())
