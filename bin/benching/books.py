"""How long does the daily reconciliation take as the archive grows? `manage.py reconcile` on the archive of growth.py.

To the requests, events and lines that growth.py copies come their entries in the journal, receipts, fees, papers and
the notices of the last month, so that clean books stay clean: what is found is told, and should be nothing. Files are
not copied; walking a store is as many listings as folders, whatever lies in them.
"""

from __future__ import annotations

import json

from provision import say

from .growth import STRIDE, columns, grow
from .server import World

CLOSED = "o.closed_at IS NOT NULL AND o.id < {stride}"
COPIES = """
SET session_replication_role = replica; SET synchronous_commit = off;
INSERT INTO transactions_intake ({intake}) SELECT {intake_from}
  FROM generate_series({first}::bigint, {last}) k CROSS JOIN transactions_intake t
  JOIN transactions_transaction o ON o.id = t.transaction_id WHERE {closed};
INSERT INTO transactions_feedue ({feedue}) SELECT {feedue_from}
  FROM generate_series({first}::bigint, {last}) k CROSS JOIN transactions_feedue t
  JOIN transactions_transaction o ON o.id = t.transaction_id WHERE {closed};
INSERT INTO transactions_issueddocument ({issueddocument}) SELECT {issueddocument_from}
  FROM generate_series({first}::bigint, {last}) k CROSS JOIN transactions_issueddocument t
  JOIN transactions_transaction o ON o.id = t.transaction_id WHERE {closed};
INSERT INTO transactions_papercontent ({papercontent}) SELECT {papercontent_from}
  FROM generate_series({first}::bigint, {last}) k CROSS JOIN transactions_papercontent t
  JOIN transactions_transaction o ON o.id = t.transaction_id WHERE {closed};
INSERT INTO transactions_notification ({notification}) SELECT {notification_from}
  FROM generate_series({first}::bigint, {last}) k CROSS JOIN transactions_notification t
  JOIN transactions_event e ON e.id = t.event_id AND e.id < {stride}
  JOIN transactions_transaction o ON o.id = e.transaction_id
  WHERE {closed} AND e.at > now() - interval '32 days';
INSERT INTO transactions_delivery ({delivery}) SELECT {delivery_from}
  FROM generate_series({first}::bigint, {last}) k CROSS JOIN transactions_delivery t
  JOIN transactions_notification n ON n.id = t.notification_id AND n.id < {stride}
  JOIN transactions_event e ON e.id = n.event_id
  JOIN transactions_transaction o ON o.id = e.transaction_id
  WHERE {closed} AND e.at > now() - interval '32 days';
INSERT INTO journal_entry (id, chain_id, seq, kind, subject, body, previous_hash, hash, signature, at)
  SELECT e.id + k * {stride}, e.chain_id, {length} + row_number() OVER (), e.kind, 'X' || o.id || '-' || k, e.body,
  e.previous_hash, e.hash, e.signature, e.at
  FROM generate_series({first}::bigint, {last}) k CROSS JOIN journal_entry e
  JOIN transactions_transaction o ON o.reference = e.subject WHERE {closed} AND e.id < {stride};
UPDATE journal_chain c SET length = l.seq, head_hash = l.hash
  FROM (SELECT chain_id, seq, hash FROM journal_entry ORDER BY seq DESC LIMIT 1) l WHERE l.chain_id = c.id;
"""
# The lines of each register in one row of numbers again, as many as were given.
RENUMBER = """
ALTER TABLE transactions_movement DROP CONSTRAINT register_numbers_never_repeat;
UPDATE transactions_movement m SET number = n.number FROM (
  SELECT id, row_number() OVER (PARTITION BY office_id, direction, hijri_year ORDER BY id) AS number
  FROM transactions_movement) n WHERE n.id = m.id;
ALTER TABLE transactions_movement ADD CONSTRAINT register_numbers_never_repeat
  UNIQUE (office_id, direction, hijri_year, number);
UPDATE transactions_register r SET last_number = (SELECT count(*) FROM transactions_movement m
  WHERE m.office_id = r.office_id AND m.direction = r.direction AND m.hijri_year = r.hijri_year);
"""
TIMED = """
import json, time
from django.utils import timezone
from transactions.books import balance, reconcile
from transactions.books.look import Look
look, took = Look(timezone.now()), {}
for kind in reconcile.KINDS.values():
    began = time.perf_counter()
    list(kind.find(look))
    took[kind.code] = time.perf_counter() - began
began = time.perf_counter()
balance.lines(look)
took["the balance"] = time.perf_counter() - began
began = time.perf_counter()
figures = reconcile.reconcile(timezone.now()).figures
found = {kind: one["found"] for kind, one in figures["differences"].items() if one["found"]}
print(json.dumps([time.perf_counter() - began, found, took, [line["difference"] for line in figures["nodes"]]]))
"""


def measure(world: World, sizes: list[int]) -> str:
    """Grow the archive to each size in turn and reconcile it."""
    closed = int(world.sql("SELECT count(*) FROM transactions_transaction WHERE closed_at IS NOT NULL"))
    rows, copies = ["| transactions | seconds | found | the slowest parts, s |", "|---|---|---|---|"], 0
    for size in sizes:
        wanted = max(0, size // closed - 1)
        for first in range(copies + 1, wanted + 1, 100):
            grow(world, first, min(first + 99, wanted))
            grow_books(world, first, min(first + 99, wanted))
        copies = max(copies, wanted)
        world.sql(RENUMBER)
        world.sql("VACUUM ANALYZE")
        there = int(world.sql("SELECT count(*) FROM transactions_transaction"))
        say(f"built {there}")
        seconds, listed, took, differences = json.loads(world.shell(TIMED).splitlines()[-1])
        slowest = sorted(took.items(), key=lambda item: -item[1])[:5]
        report = listed or f"nothing, differences {differences}"
        rows.append(f"| {there:,} | {seconds:.1f} | {report} | " + ", ".join(f"{n} {s:.1f}" for n, s in slowest) + " |")
    return "\n".join(rows)


def grow_books(world: World, first: int, last: int) -> None:
    moved = {"id": f"t.id + k * {STRIDE}"}
    own = moved | {"transaction_id": f"t.transaction_id + k * {STRIDE}"}
    parts = {
        **columns(world, "transactions_intake", own | {"key": "t.key || '-' || k"}),
        **columns(
            world,
            "transactions_feedue",
            own
            | {
                "payment_reference": "CASE WHEN t.payment_reference = '' THEN '' ELSE t.id || '/' || k END",
                "payment_key": "CASE WHEN t.payment_key = '' THEN '' ELSE t.id || 'X' || k END",
            },
        ),
        **columns(world, "transactions_issueddocument", own | {"number": "left(t.number, 28) || '-' || k"}),
        **columns(
            world,
            "transactions_papercontent",
            own | {"event_id": f"t.event_id + k * {STRIDE}", "document_id": f"t.document_id + k * {STRIDE}"},
        ),
        **columns(
            world,
            "transactions_notification",
            moved | {"event_id": f"t.event_id + k * {STRIDE}", "recipient_id": f"t.recipient_id + k * {STRIDE}"},
        ),
        **columns(world, "transactions_delivery", moved | {"notification_id": f"t.notification_id + k * {STRIDE}"}),
    }
    length = world.sql("SELECT length FROM journal_chain ORDER BY length DESC LIMIT 1")
    closed = CLOSED.format(stride=STRIDE)
    world.sql(COPIES.format(first=first, last=last, stride=STRIDE, length=length, closed=closed, **parts))
