"""Does it slow down as the archive grows? The same requests at several sizes, p95 and query plans.

The archive is the demo city's closed requests, copied in the database with their events, register lines and people
until it has the size; the open ones stay as they are. What is asked for is spread over the whole of it.
"""

from __future__ import annotations

import json
import random
import re
import statistics
import time
from collections.abc import Callable

from provision import say

from .server import Server, World

EACH = 120
STRIDE = 1_000_000  # ids of one copy after those of the one before; more than any table of the demo city has
OFFSET = 5_000  # register numbers of one copy after those of the one before

# Copies of rows that were checked need no checking again.
COPY = """
SET session_replication_role = replica; SET synchronous_commit = off;
INSERT INTO accounts_user ({user})
  SELECT {user_from} FROM generate_series({first}::bigint, {last}) k CROSS JOIN
  (SELECT * FROM accounts_user WHERE id < {stride} AND NOT is_staff) t;
INSERT INTO transactions_transaction ({transaction})
  SELECT {transaction_from} FROM generate_series({first}::bigint, {last}) k CROSS JOIN
  (SELECT * FROM transactions_transaction WHERE id < {stride} AND closed_at IS NOT NULL) t;
INSERT INTO transactions_event ({event})
  SELECT {event_from} FROM generate_series({first}::bigint, {last}) k CROSS JOIN transactions_event t
  JOIN transactions_transaction o ON o.id = t.transaction_id AND o.closed_at IS NOT NULL AND o.id < {stride}
  WHERE t.id < {stride};
INSERT INTO transactions_movement ({movement})
  SELECT {movement_from} FROM generate_series({first}::bigint, {last}) k CROSS JOIN transactions_movement t
  JOIN transactions_transaction o ON o.id = t.transaction_id AND o.closed_at IS NOT NULL AND o.id < {stride}
  WHERE t.id < {stride};
"""
PLANS = {
    "inquiry": "SELECT * FROM transactions_transaction WHERE reference = '{reference}'",
    "history": "SELECT * FROM transactions_event WHERE transaction_id = {id} ORDER BY seq",
    "staff queue": "SELECT * FROM transactions_transaction WHERE held_by_id = {office} AND status IN ({open}) "
    "ORDER BY stage_due_at ASC NULLS LAST LIMIT 25",
    "my requests": "SELECT * FROM transactions_transaction WHERE applicant_id = {applicant} "
    "ORDER BY submitted_at DESC LIMIT 25",
    "next incoming number": "UPDATE transactions_register SET last_number = last_number + 1 "
    "WHERE office_id = {office} AND direction = 'in' AND hijri_year = 1448 RETURNING last_number",
}


def measure(world: World, sizes: list[int]) -> str:
    """Build every size, each in a database of its own, then ask them in turn."""
    closed = int(world.sql("SELECT count(*) FROM transactions_transaction WHERE closed_at IS NOT NULL"))
    world.sql("ALTER SYSTEM SET max_wal_size = '8GB'")
    world.sql("SELECT pg_reload_conf()")
    archives, disks, copies = [], [beside(world)], 0
    for size in sizes:
        wanted = max(0, size // closed - 1)
        for first in range(copies + 1, wanted + 1, 100):
            grow(world, first, min(first + 99, wanted))
        copies = max(copies, wanted)
        world.sql("UPDATE transactions_register SET last_number = last_number + 1")
        world.sql("VACUUM ANALYZE")
        disks.append(disk(world))
        say(f"built {size}: {disks[-1]}")
        archives.append(world if size == sizes[-1] else world.copy(f"at_{size}"))
    clients = [Client(archive) for archive in archives]
    rounds = [[client.ask() for client in clients] for _ in range(world.rounds + 1)][1:]  # the first was to get warm
    head = [
        "| p95, ms | " + " | ".join(f"{size:,}" for size in sizes) + " | last over first |",
        "|---" * (len(sizes) + 2) + "|",
    ]
    rows = []
    for name in rounds[0][0]:
        each = [statistics.median(taken[at][name] for taken in rounds) for at in range(len(sizes))]
        ratio = statistics.median(taken[-1][name] / taken[0][name] for taken in rounds)
        rows.append(f"| {name} | " + " | ".join(f"{value:.2f}" for value in each) + f" | {ratio:.2f} |")
    plans = [f"{name}\n{plan}" for name, plan in plans_of(world).items()]
    return "\n".join([*head, *rows, "", *disks, "", "```", *plans, "```"])


def columns(world: World, table: str, changed: dict[str, str]) -> dict[str, str]:
    names = world.sql(
        f"SELECT column_name FROM information_schema.columns WHERE table_name = '{table}' ORDER BY ordinal_position"
    ).split()
    short = table.split("_")[1]
    written = [changed.get(name, f"t.{name}") for name in names]
    quoted = [f'"{name}"' for name in names]
    return {short: ", ".join(quoted), f"{short}_from": ", ".join(written)}


def grow(world: World, first: int, last: int) -> None:
    moved = f"t.id + k * {STRIDE}"
    parts = {
        **columns(world, "accounts_user", {"id": moved, "national_id": "lpad(to_hex(t.id + k * 100000), 10, 'p')"}),
        **columns(
            world,
            "transactions_transaction",
            # Each copy belongs to its own people.
            {"id": moved, "reference": "'X' || t.id || '-' || k", "applicant_id": f"t.applicant_id + k * {STRIDE}"},
        ),
        **columns(world, "transactions_event", {"id": moved, "transaction_id": f"t.transaction_id + k * {STRIDE}"}),
        **columns(
            world,
            "transactions_movement",
            {
                "id": moved,
                "transaction_id": f"t.transaction_id + k * {STRIDE}",
                "number": f"t.number + k * {OFFSET}",
            },
        ),
    }
    world.sql(COPY.format(first=first, last=last, stride=STRIDE, **parts))


def disk(world: World) -> str:
    rows = world.sql(
        "SELECT c.relname || ' ' || pg_total_relation_size(c.oid) / greatest(c.reltuples, 1)::bigint || ' ' || "
        "c.reltuples::bigint FROM pg_class c WHERE c.relkind = 'r' AND c.relname IN ('transactions_transaction', "
        "'transactions_event', 'transactions_movement') ORDER BY 1"
    ).splitlines()
    whole = world.sql("SELECT pg_size_pretty(pg_database_size(current_database()))")
    each = ", ".join("{} {} bytes a row, {} rows".format(*row.split()) for row in rows)
    return f"disk: {whole} in all; with indexes: {each}"


def beside(world: World) -> str:
    """What a transaction of the demo city takes in the tables that are not copied."""
    rows = world.sql(
        "SELECT relname || ' ' || pg_total_relation_size(oid) / (SELECT count(*) FROM transactions_transaction) "
        "FROM pg_class WHERE relkind = 'r' AND relname ~ '^(transactions|journal|permits|accounts_historical)' "
        "AND relname NOT IN ('transactions_transaction', 'transactions_event', 'transactions_movement') "
        "AND pg_total_relation_size(oid) > 200000 ORDER BY pg_total_relation_size(oid) DESC"
    ).splitlines()
    total = sum(int(row.split()[1]) for row in rows)
    return f"disk: {total} bytes a transaction in the other tables, with indexes: " + ", ".join(rows)


def sample(world: World, code: str) -> list[str]:
    return [line for line in world.shell(code).splitlines() if line.strip()]


class Client:
    """Whoever asks one archive: the portal on it, and rows and people from all over it."""

    def __init__(self, world: World) -> None:
        portal, chance = world.portal(), random.Random(1)  # noqa: S311 – which rows are asked for
        numbers = valid_references(world)
        reviewer, registry = (session(world, world.demo["accounts"][role]) for role in ("reviewer", "registry_clerk"))
        open_cases = world.sql(
            "SELECT t.reference FROM transactions_transaction t JOIN municipality_office o ON o.id = t.held_by_id "
            "WHERE o.code = 'SHR' AND t.closed_at IS NULL"
        ).split()
        people = sessions(world, applicants(world))
        engineer = session(world, world.demo["accounts"]["engineer"])
        self._world = world
        self._kinds: dict[str, Callable[[], tuple[int, bytes]]] = {
            "inquiry": lambda: inquiry(portal, chance.choice(numbers)),
            "staff queue": lambda: portal.ask("GET", "/staff/", headers={"Cookie": reviewer}),
            "case page": lambda: portal.ask(
                "GET", f"/staff/cases/{chance.choice(open_cases)}/", headers={"Cookie": registry}
            ),
            "my requests": lambda: portal.ask("GET", "/requests/", headers={"Cookie": chance.choice(people)}),
            "requests of an engineering office": lambda: portal.ask("GET", "/requests/", headers={"Cookie": engineer}),
        }

    def ask(self) -> dict[str, float]:
        """p95 in milliseconds of each kind of request, by a single client."""
        headers = {}
        for name, once in self._kinds.items():
            waits = []
            for _ in range(EACH):
                began = time.perf_counter()
                status, content = once()
                if status != 200:
                    raise SystemExit(f"{name}: {status} {content[:300]!r}")
                waits.append((time.perf_counter() - began) * 1000)
            headers[name] = statistics.quantiles(waits, n=20)[-1]
        headers["figures of the home page, once a minute"] = figures(self._world)
        headers["next incoming number"] = next_number(self._world)
        return headers


def inquiry(portal: Server, known: tuple[str, str]) -> tuple[int, bytes]:
    body = json.dumps({"reference": known[0], "pin": known[1]}).encode()
    return portal.ask("POST", "/api/v1/inquiries/", body, {"Content-Type": "application/json"})


def valid_references(world: World) -> list[tuple[str, str]]:
    """Rows from all over the archive, given references with a good check character, and their PINs."""
    code = f"""
from transactions.models import Transaction
from transactions.domain.references import Reference
from transactions.domain import pins
from django.db import connection
import random
with connection.cursor() as cursor:
    cursor.execute("SELECT max(id) / {STRIDE} FROM transactions_transaction")
    copies = cursor.fetchone()[0]
first = Transaction.objects.filter(id__lt={STRIDE}, closed_at__isnull=False).order_by("id")
ids = list(first.values_list("id", flat=True)[:400])
chance = random.Random(2)
for n, pk in enumerate(ids):
    pk += chance.randint(0, copies) * {STRIDE}
    case = Transaction.objects.get(pk=pk)
    if case.reference.startswith("X"):
        case.reference = str(Reference("C9", "A", 1448, 100000 + pk % {STRIDE} + n * 7919))
        Transaction.objects.filter(pk=pk).update(reference=case.reference)
    print(case.reference, pins.derive_pin(case.reference))
"""
    return [(line.split()[0], line.split()[1]) for line in sample(world, code)]


def applicants(world: World) -> list[str]:
    return (
        world.sql(
            "SELECT DISTINCT applicant_id FROM (SELECT applicant_id FROM transactions_transaction "
            "TABLESAMPLE SYSTEM (0.5) REPEATABLE (3) LIMIT 4000) s ORDER BY 1 LIMIT 60"
        ).split()
        or world.sql("SELECT applicant_id FROM transactions_transaction LIMIT 40").split()
    )


SESSIONS = """
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.auth import SESSION_KEY, BACKEND_SESSION_KEY, HASH_SESSION_KEY
from accounts.models import User
for user in User.objects.filter({who}):
    store = SessionStore()
    store[SESSION_KEY], store[BACKEND_SESSION_KEY] = str(user.pk), "django.contrib.auth.backends.ModelBackend"
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store.save()
    print("sessionid=" + store.session_key)
"""


def session(world: World, account: dict[str, str]) -> str:
    return sample(world, SESSIONS.format(who=f"national_id={account['national_id']!r}"))[-1]


def sessions(world: World, pks: list[str]) -> list[str]:
    return sample(world, SESSIONS.format(who=f"pk__in=[{', '.join(pks)}]"))


FIGURES = """
import time
from django.utils import timezone
from transactions.selectors import figures
from transactions.selectors.statistics import read_statistics
figures.store_past_days(timezone.now())  # as the hourly job does
read_statistics(timezone.now())  # the first of a process loads and compiles
for _ in range(21):
    began = time.perf_counter()
    read_statistics(timezone.now())
    print((time.perf_counter() - began) * 1000)
"""


def figures(world: World) -> float:
    """p95 in milliseconds of counting what the home page shows, after a first time that loads what is kept."""
    return statistics.quantiles([float(line) for line in sample(world, FIGURES)[1:]], n=20)[-1]


def next_number(world: World) -> float:
    """p95 of counting a register on by one, in the database's own time."""
    text = PLANS["next incoming number"].format(**places(world))
    waits = [
        float(re.search(r"Execution Time: ([\d.]+)", world.sql(f"EXPLAIN ANALYZE {text}"))[1]) for _ in range(EACH)
    ]  # type: ignore[index]
    return statistics.quantiles(waits, n=20)[-1]


def places(world: World) -> dict[str, str]:
    row = world.sql(
        "SELECT t.reference, t.id, t.applicant_id, o.id FROM transactions_transaction t, municipality_office o "
        "WHERE o.code = 'SHR' ORDER BY t.id DESC LIMIT 1"
    ).split("|")
    opened = sample(
        world,
        "from transactions.domain.workflow import OPEN\nprint(', '.join(repr(str(s.value)) for s in sorted(OPEN)))",
    )
    return dict(zip(("reference", "id", "applicant", "office"), row, strict=True)) | {"open": opened[-1]}


def plans_of(world: World) -> dict[str, str]:
    plans = places(world)
    return {name: world.sql(f"EXPLAIN (COSTS OFF) {text.format(**plans)}") for name, text in PLANS.items()}
