"""Every page asks the database at most twelve times, and as often for a hundred rows of everything as for a few."""

from __future__ import annotations

import itertools
import uuid
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import Model
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts import access_log, sessions
from accounts.models import Authorisation, EngineeringOffice, User
from journal.models import Entry
from municipality.models import District, Holiday, Office
from permits.models import Tariff
from transactions.models import Attachment, Deficiency, Draft, Event, Movement, Note, Notification, Outbox, Transaction
from transactions.transitions import bulk, notes

from ..conftest import NOW, national_id
from .test_access_matrix import table
from .world import ACTORS, World, build, client_of

pytestmark = [pytest.mark.django_db, pytest.mark.thorough]
# One more than twelve on the page of a request, for what its promises are worth (continuity/classes.py).
MOST, MANY = 13, 100
DAY = timedelta(days=1)
# Those to whom most of this world belongs.
THEIRS = ("applicant", "engineer", "reviewer", "supervisor")
# What two rows of a table may not share, by how many there are.
OWN: dict[type[Model], Any] = {
    Transaction: lambda n: {"reference": f"C1A-1448-{900_000 + n}-X"},
    Event: lambda n: {"seq": 1000 + n},
    Movement: lambda n: {"number": 1000 + n},
    Deficiency: lambda n: {"code": f"copy-{n}"},
    Note: lambda n: {},
    Attachment: lambda n: {"key": uuid.uuid4(), "stored_as": f"aa/{uuid.uuid4().hex}"},
    Draft: lambda n: {"key": uuid.uuid4()},
    Outbox: lambda n: {"dedupe": f"many:{n}"},
    User: lambda n: {"national_id": national_id(800_000 + n)},
    EngineeringOffice: lambda n: {"licence_number": f"MANY-{n}"},
    Authorisation: lambda n: {"plan_number": f"{n}", "parcel_number": f"{n}"},
    Office: lambda n: {"code": f"Z{n}"},
    District: lambda n: {"code": f"ZZ-{n}"},
    Holiday: lambda n: {"first_day": date(2030, 1, 1) + n * DAY, "last_day": date(2030, 1, 1) + n * DAY},
    Tariff: lambda n: {"valid_from": date(2030, 1, 1) + n * DAY},
    Entry: lambda n: {"seq": 10_000 + n, "subject": f"many-{n}"},
}
number = itertools.count(1)


def copy(row: Model, times: int = MANY) -> None:
    """As many more rows like this one, in one statement: building them through the services would take minutes."""
    kind = type(row)
    values = {
        field.attname: getattr(row, field.attname) for field in kind._meta.concrete_fields if not field.primary_key
    }
    kind._default_manager.bulk_create([kind(**values | OWN[kind](next(number))) for _ in range(times)])


def fill(world: World) -> None:
    """A hundred of everything a page may list: cases, what belongs to the three that are looked at, the tables."""
    for case in (world.studied, world.returned, world.issued):
        for kind in (Event, Movement, Attachment, Deficiency, Note):
            if (row := kind._default_manager.filter(transaction=case).order_by("pk").last()) is not None:
                copy(row)
        copy(Transaction.objects.get(pk=case.pk))
    for draft in (world.draft, world.begun):
        copy(draft)
    copy(world.loose)
    for authorisation in Authorisation.objects.order_by("pk"):
        copy(authorisation)
    for kind in (Outbox, User, EngineeringOffice, Office, District, Holiday, Tariff, Entry):
        copy(kind._default_manager.order_by("pk").first())
    tell(world)


def tell(world: World) -> None:
    """Everyone is told of a hundred events."""
    events = Event.objects.order_by("-pk")[:MANY]
    people = world.cast.everyone.values()
    Notification.objects.bulk_create(
        [Notification(event=event, recipient=person, created_at=NOW) for event in events for person in people],
        ignore_conflicts=True,
    )


def pages(world: World) -> dict[str, tuple[str, str]]:
    """Every address somebody may look at, with the person for whom it shows most, and filled in."""
    found = {}
    for row, letters in table().items():
        route, method = row.split()
        best = "C" if "C" in letters else "o"
        seers = [actor for actor, letter in zip(ACTORS, letters, strict=True) if letter == best]
        if method == "GET" and seers:
            found[route] = (min(seers, key=[*THEIRS, *ACTORS].index), world.url(route))
    return found


def asked_by(client: Any, ask: Any) -> list[str]:
    """The statements of a second time: after the first the process remembers what it may remember."""
    ask(client)
    access_log.flush()  # what pages before owe the access log goes out after any answer, a while later
    with CaptureQueriesContext(connection) as caught:
        assert ask(client).status_code == 200
    return [query["sql"] for query in caught.captured_queries]


def test_a_hundred_rows_of_everything_cost_no_more_questions_than_a_few_and_at_most_thirteen(
    cast, submitted, monkeypatch
):
    # Once a minute a session notes that its owner is there; which page that falls to depends on the machine's speed.
    monkeypatch.setattr(sessions, "STEP", 3600)
    world = build(cast, submitted)
    notes.write_note(world.studied, text="x", by=cast.reviewer, to=cast.supervisor, now=NOW)
    clients = {actor: client_of(world.who(actor)) for actor in ACTORS}

    def ask_all() -> dict[str, list[str]]:
        found = {
            route: asked_by(clients[actor], lambda client, url=url: client.get(url))
            for route, (actor, url) in pages(world).items()
        }
        cases = Transaction.objects.for_pages().filter(held_by__code="SHR", service="building-permit")
        job = bulk.look(list(cases[:MANY]), "reassign", by=cast.supervisor, to=cast.second_reviewer, now=NOW)
        page = reverse("staff:bulk", args=[job.key])
        return found | {
            "bulk": asked_by(clients["supervisor"], lambda c: c.get(page)),
            "api at work": asked_by(clients["reviewer"], lambda c: c.get("/api/v1/transactions/?at_work=1")),
        }

    few = ask_all()
    assert len(few) > 60
    fill(world)
    many = ask_all()
    grown = {page: (few[page], many[page]) for page in few if len(many[page]) > len(few[page])}
    dear = {page: asked for page, asked in many.items() if len(asked) > MOST}
    assert (grown, dear) == ({}, {})
