"""Thousands of hostile requests to every address as everybody: no 500, nothing slow, nothing written unasked.

bin/test sends a slice; `bin/fuzz` sends fifty thousand. The same seed sends the same requests.
"""

from __future__ import annotations

import os
import re
import time
from collections import Counter
from html import unescape
from pathlib import Path
from random import Random
from typing import Any

import pytest
from django.db import transaction

from jeddah_portal.application import application
from transactions.domain.workflow import BY_NAME

from ..conftest import ANSWERS, PASSWORD
from ..pace import within
from .nasty import METHODS, Sent, request
from .test_access_matrix import table
from .world import ACTORS, World, build, client_of, routes, writes

pytestmark = [pytest.mark.django_db, pytest.mark.thorough]
REQUESTS = int(os.environ.get("FUZZ_REQUESTS", "900"))
SEED = int(os.environ.get("FUZZ_SEED", "1448"))
SHARDS = int(os.environ.get("FUZZ_SHARDS", "4"))
SLOWEST = 2.0  # seconds, times how slow the machine is at the moment (tests/pace.py)


# Most requests come from somebody who is let in: access_matrix.txt says who. What its letters mean stands there.
TABLE, IN = table(), "CoWbci>-"
# Of a hundred requests, how many go where: lists of the staff admin are many and alike.
AREAS = (("/staff/[a-z]+/[a-z]+/", 22), ("/staff/", 18), ("/api/", 20), ("/", 40))

SUBMITTING = "draft attachment transaction intake event entry chain outbox register counter notification serial details"
# What each address may write, by words in the names of tables; an address that is not here writes nothing.
MAY_WRITE = {
    "/apply/": "draft",
    "/drafts/": f"{SUBMITTING} dealing",
    "/drafts/<uuid:key>/drawings/": "drawing attachment outbox draft",
    "/files/": "attachment",
    "/requests/": f"{SUBMITTING} deficiency movement",
    "/notices/read/": "notification",
    "/first/": "onetimecode user",
    "/accounts/": "user mfa emailaddress",
    "/profile/": "user knox",
    "/authorisations/": "authorisation dealing notification outbox",
    "/office/authorisations/": "authorisation dealing notification outbox",
    "/api/v1/attachments/": "attachment",
    "/api/v1/transactions/": f"{SUBMITTING} deficiency movement fee document check",
    "/staff/cases/": f"{SUBMITTING} deficiency movement fee document check",
    "/staff/bulk/": "bulk outbox",
    "/staff/transactions/transaction/": "bulk",  # what is chosen there is looked at first
    "/staff/transactions/movement/": "bulk",
    "/staff/filters/": "savedfilter",
    "/api/v1/authorisations/": "authorisation dealing notification outbox",
    "/api/v1/notices/read/": "notification",
    "/api/v1/queue/next/": SUBMITTING,
    "/api/v1/receipts/": "broughtreceipt",
    "/receipts/hand-in/": "broughtreceipt",
    "/feedback/": "pagefeedback",
    "/status/": "statussubscription outbox",
    "/delegations/": "delegation entry chain notification outbox",
    "/staff/billing/": "billing entry chain outbox admin_log",
    "/staff/outside/": f"{SUBMITTING} outside movement",
    "/staff/boxes/": "boxes proposal entry chain outbox attachment",
    "/api/v1/approvals/": f"{SUBMITTING} dealing",
    "/staff/booklets/": "booklet slip proposal entry chain",
    "/staff/paper/": f"{SUBMITTING} slip user transactions_try",
    "/staff/absences/": "absence staffnotice outbox",
    "/staff/texts/": "texttemplate",
    "/staff/checklists/": "pointversion proposal",
    "/staff/imports/": "import municipality proposal outbox",
    "/staff/people/new/": "proposal",
    "/staff/lending/": "proposal",
    "/staff/notices/": "staffnotice accounts_user",
    "/drawings/": "drawing attachment outbox",
    "/staff/take-next/": SUBMITTING,
    "/staff/supervision/": SUBMITTING,
    "/staff/counter/": "user draft attachment admin_log phonechange outbox knox mfa ticket reprint",
    "/staff/counter/answers/": f"{SUBMITTING} deficiency movement",  # sent for who came, or kept
    "/staff/municipality/": "municipality admin_log outbox",  # a holiday moves due dates
    "/staff/accounts/": "accounts admin_log outbox knox mfa",
    "/staff/permits/": "permits admin_log",
    "/staff/transactions/outbox/": "outbox",
    "/staff/transactions/closure/": "closure admin_log",
    "/staff/transactions/difference/": "difference admin_log",
    "/staff/transactions/gateswitch/": "gateswitch proposal entry chain admin_log",
    "/staff/transactions/incidentnotice/": "proposal admin_log",
    "/staff/transactions/incidentwording/": "incidentwording admin_log",
}
# Refusals that keep something all the same: what was typed into a draft, the good ones of several files, a wrong code.
KEEPS_THOUGH_REFUSED = ("/drafts/", "/staff/counter/", "/requests/", "/first/", "/accounts/")
# A page of a file that is looked at before it is drawn is drawn in the background: 202, and work is owed.
DRAWN = ("/files/<uuid:key>/preview/", "/files/<uuid:key>/sheet/")
# A notice is new until the page that says it was looked at.
SEEN = ("/notices/", "/requests/<str:reference>/")

JSON_BODIES: dict[str, Any] = {
    "/api/v1/transactions/": lambda world, move: {
        "service": "electricity-connection", "answers": ANSWERS["electricity-connection"], "attachments": {},
    },
    "/api/v1/transactions/<str:reference>/moves/": lambda world, move: {
        "move": move, "version": world.studied.version, "reason": "x", "to_office": "MTR", "to_person": 1,
        "deficiencies": [{"code": "x", "sentence": "y"}], "payment_reference": "7",
    },
    "/api/v1/transactions/<str:reference>/answers/": lambda world, move: {"answers": {str(world.deficiency): "نعم"}},
    "/api/v1/inquiries/": lambda world, move: {
        "reference": world.studied.reference, "pin": "12345678", "office": "SHR", "number": "1", "hijri_year": "1448",
        "last_four": "0008",
    },
}  # fmt: skip
INPUT = re.compile(r"<(input|select|option|textarea|button)\b([^>]*)>")
# Right answers by the names of their fields, where a page does not hold them itself.
GOOD = {name: str(good) for answers in ANSWERS.values() for name, good in answers.items() if name != "parts"} | {
    "login": "1000000008", "password": PASSWORD, "national_id": "1000000008", "full_name": "ريم", "phone": "0500000001",
    "reference": "C1A-1448-000001-1", "pin": "12345678", "plan_number": "415", "parcel_number": "27", "reason": "سبب",
}  # fmt: skip
ATTRIBUTE = re.compile(r'\b(name|value|type)="([^"]*)"')


class Fuzzer:
    """Sends requests as one person after another, each undone, and notes what went wrong."""

    def __init__(self, world: World, seed: str) -> None:
        self.world, self.draw = world, Random(seed)
        self.clients = {actor: client_of(world.who(actor)) for actor in ACTORS}
        self.cookies = {actor: str(client.cookies.output(header="", sep=";")) for actor, client in self.clients.items()}
        self.areas: dict[str, list[str]] = {pattern: [] for pattern, _weight in AREAS}
        for route in routes():
            self.areas[next(pattern for pattern, _weight in AREAS if re.match(pattern, route))].append(route)
        self.forms: dict[str, tuple[dict[str, str], list[str]]] = {}
        self.seen: Counter[Any] = Counter()
        self.wrong: list[str] = []
        self.slowest = 0.0

    def fields(self, route: str) -> tuple[dict[str, str], list[str]]:
        """The names and values of what the page at this address lets one fill in, and its file fields."""
        if route not in self.forms:
            letters = TABLE.get(f"{route} GET", "")
            actor = next((who for who, got in zip(ACTORS, letters, strict=False) if got in "Co"), "nobody")
            answer, _written, _seconds = self.send(actor, Sent("GET", self.world.url(route)))
            page = "" if answer.streaming else answer.content.decode("utf-8", "replace")
            found: dict[str, str] = {}
            files = []
            select = ""
            for tag, attributes in INPUT.findall(page[:500_000]):
                is_ = {name: unescape(value) for name, value in ATTRIBUTE.findall(attributes)}
                if is_.get("type") == "file":
                    files.append(is_.get("name", "file"))
                elif tag == "option" and select:
                    found[select] = found[select] or is_.get("value", "")
                elif "name" in is_:
                    select = is_["name"] if tag == "select" else ""
                    found[is_["name"]] = GOOD.get(is_["name"], is_.get("value", "" if select else "1"))
            found.setdefault("version", str(self.world.studied.version))
            self.forms[route] = found, files
        return self.forms[route]

    def send(self, actor: str, sent: Sent) -> tuple[Any, list[str], float]:
        client = self.clients[actor]
        client.cookies.clear()
        client.cookies.load(self.cookies[actor])
        with transaction.atomic(), writes() as written:
            began = time.monotonic()
            answer = client.generic(
                sent.method, sent.path, sent.body, sent.content_type, QUERY_STRING=sent.query, **sent.headers
            )
            if answer.streaming:
                b"".join(answer.streaming_content)
            seconds = time.monotonic() - began
            transaction.set_rollback(True)
        return answer, written, seconds

    def once(self) -> None:
        patterns, weights = zip(*AREAS, strict=True)
        route = self.draw.choice(self.areas[self.draw.choices(patterns, weights)[0]])
        method, actor = self.draw.choice(METHODS), self.draw.choice(list(ACTORS))
        open_to = [
            (way, who)
            for way in ("GET", "POST")
            for who, got in zip(ACTORS, TABLE.get(f"{route} {way}", ""), strict=False)
            if got in IN
        ]
        if open_to and self.draw.random() < 0.8:
            method = self.draw.choice([way for way, _who in open_to])
            actor = self.draw.choice([who for way, who in open_to if way == method])
        move = self.draw.choice(sorted(BY_NAME))
        body = JSON_BODIES[route](self.world, move) if route in JSON_BODIES else None
        url = self.world.url(route).replace("/recommend/", f"/{move}/")
        sent = request(self.draw, method, url, *self.fields(route), body)
        answer, written, seconds = self.send(actor, sent)
        for _ in range(2):
            # Slow only because the machine was busy with something else? Then not every time.
            seconds = min(seconds, self.send(actor, sent)[2]) if seconds > SLOWEST else seconds
        self.slowest = max(self.slowest, seconds)
        self.seen[answer.status_code] += 1
        self.seen["wrote"] += bool(written)
        if answer.status_code >= 500 and not (answer.status_code == 503 and sent.path == "/readyz"):
            self.wrong.append(f"{answer.status_code} {actor} {sent}: {getattr(answer, 'exc_info', None)}")
        if not within(SLOWEST, seconds):
            self.wrong.append(f"{seconds:.1f} s {actor} {sent}")
        if unasked := self.unasked(actor, route, sent, answer.status_code, written):
            self.wrong.append(f"wrote {unasked} {answer.status_code} {actor} {sent}")

    def unasked(self, actor: str, route: str, sent: Sent, status: int, written: list[str]) -> list[str]:
        """The tables that changed although nobody asked for it."""
        tables = sorted(
            {
                re.split(r"[\s\"(]+", sql.replace("INSERT INTO", "UPDATE").replace("DELETE FROM", "UPDATE"))[1]
                for sql in written
            }
        )
        if status == 202 and sent.method in ("GET", "HEAD") and route.startswith(DRAWN):
            return [table for table in tables if table != "transactions_outbox"]
        if status == 200 and sent.method == "GET" and route in SEEN:
            return [table for table in tables if table != "transactions_notification"]
        refused = status >= 400 and not route.startswith(KEEPS_THOUGH_REFUSED)
        stranger = actor == "nobody" and not route.startswith(("/first/", "/accounts/"))
        if sent.method in ("GET", "HEAD", "OPTIONS", "TRACE", "BREW") or refused or stranger:
            return tables
        prefixes = [prefix for prefix in MAY_WRITE if route.startswith(prefix)]
        words = MAY_WRITE[max(prefixes, key=len)].split() if prefixes else []
        return [table for table in tables if not any(word in table for word in words)]


@pytest.mark.parametrize("shard", range(SHARDS))
def test_nothing_breaks_is_slow_or_is_written_unasked(shard, cast, submitted, monkeypatch):
    monkeypatch.setattr("django.test.client.WSGIRequest", application.request_class)
    fuzzer = Fuzzer(build(cast, submitted), f"{SEED}-{shard}")
    for _ in range(REQUESTS // SHARDS):
        fuzzer.once()
    if report := os.environ.get("FUZZ_REPORT"):
        line = f"{dict(fuzzer.seen.most_common())} slowest {fuzzer.slowest:.2f} s, wrong {len(fuzzer.wrong)}\n"
        Path(f"{report}-{shard}").write_text(line + "\n".join(fuzzer.wrong), encoding="utf-8")
    assert fuzzer.wrong == []
    # A fuzz that is only ever refused tests the door, not the house.
    assert fuzzer.seen[200] + fuzzer.seen[422] + fuzzer.seen["wrote"] > REQUESTS // SHARDS / 5
