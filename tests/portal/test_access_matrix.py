"""Every address, method and person: who gets what. access_matrix.txt is the table; what it does not list fails."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from .world import ACTORS, World, build, client_of, routes, writes

# Who may see what does not depend on the engine, and asking takes minutes on PostgreSQL.
pytestmark = [pytest.mark.django_db, pytest.mark.embedded, pytest.mark.thorough]
TABLE = Path(__file__).with_name("access_matrix.txt")

# What is asked for in earnest; every other POST is sent empty.
BODIES: dict[str, Any] = {
    "/staff/cases/<str:reference>/<slug:move>/": lambda world: {"version": world.studied.version},
    "/staff/cases/<str:reference>/notes/": lambda world: {"text": "x"},
    "/requests/<str:reference>/withdraw/": lambda world: {"reason": "x"},
    "/requests/<str:reference>/pin/": lambda world: {"serial": "0"},
    "/requests/<str:reference>/answer/": lambda world: {f"answer-{world.deficiency}": "نعم"},
    "/office/authorisations/<int:pk>/answer/": lambda world: {"answer": "accept"},
    "/staff/bulk/": lambda world: {"case": [world.studied.reference], "move": "take"},
    "/staff/filters/": lambda world: {"name": "x", "from": "/staff/"},
    "/api/v1/transactions/<str:reference>/moves/": lambda world: {
        "move": "recommend",
        "version": world.studied.version,
    },
    "/api/v1/transactions/<str:reference>/answers/": lambda world: {"answers": {str(world.deficiency): "نعم"}},
    "/api/v1/transactions/<str:reference>/pin/": lambda world: {"pin_serial": 0},
    "/api/v1/transactions/<str:reference>/notes/": lambda world: {"text": "x"},
    "/api/v1/authorisations/<int:pk>/answer/": lambda world: {"accept": True},
    "/api/v1/services/<slug:code>/check/": lambda world: {"answers": {}},
    "/api/v1/notices/read/": lambda world: {"up_to": 2**31},
    "/drafts/<uuid:key>/documents/": lambda world: {"remove": world.loose.key},
    "/staff/accounts/proposal/<path:object_id>/answer/": lambda world: {"answer": "refuse"},
    "/profile/": lambda world: {"email": "", "language": "ar"},
}


def outcome(client: Any, method: str, route: str, world: World) -> str:
    """One letter: what this person got, and whether anything was written for them."""
    body = BODIES.get(route, lambda world: {})(world)
    sent: Any = {}
    if method == "POST":
        api = route.startswith("/api/") and "files" not in route and "attachments" not in route
        sent = {"data": json.dumps(body), "content_type": "application/json"} if api else {"data": body}
    with transaction.atomic(), writes() as written:
        answer = getattr(client, method.lower())(world.url(route), **sent)
        content = b"".join(answer.streaming_content) if answer.streaming else answer.content
        transaction.set_rollback(True)
    if written:
        return "W"
    if answer.status_code == 302:
        if answer.url.startswith("/accounts/login/"):
            return "L"
        return {"/": "H", "/accounts/reauthenticate/": "R", "/staff/login/": "S"}.get(answer.url.split("?")[0], ">")
    if answer.status_code == 200:
        ours = (world.studied.reference, world.returned.reference, world.issued.reference)
        return "C" if any(reference.encode() in content for reference in ours) else "o"
    return {
        202: "W",
        204: "-",
        400: "b",
        401: "U",
        403: "F",
        404: ".",
        405: "M",
        409: "c",
        410: "g",
        415: "t",
        422: "i",
        503: "d",
    }[answer.status_code]


def table() -> dict[str, str]:
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    rows = (line.rsplit(maxsplit=1) for line in lines if line.startswith("/"))
    return dict(rows)  # type: ignore[arg-type]


@pytest.mark.parametrize("area", ["/staff/", "/api/", ""])
def test_every_person_gets_what_the_table_says_at_every_address(area, cast, submitted):
    world = build(cast, submitted)
    clients = {actor: client_of(world.who(actor)) for actor in ACTORS}
    cookies = {actor: client.cookies.output() for actor, client in clients.items()}
    found = {}
    for route in routes():
        if not route.startswith(area) or (not area and route.startswith(("/staff/", "/api/"))):
            continue
        for method in ("GET", "POST"):
            letters = ""
            for actor, client in clients.items():
                letters += outcome(client, method, route, world)
                if client.cookies.output() != cookies[actor]:
                    client.cookies.load(cookies[actor].replace("Set-Cookie: ", ""))
            found[f"{route} {method}"] = letters
    listed = {row: letters for row, letters in table().items() if row in found or row.split()[0] not in routes()}
    different = [f"{row:<75} {letters}" for row, letters in found.items() if listed.get(row) != letters]
    assert not different, "not as access_matrix.txt says:\n" + "\n".join(different)
    assert set(listed) <= set(found), "listed, but no address of the portal"
