"""How long the plots take that overlap one or lie beside it, among as many as the archive holds.

Every request of the grown archive gets a plot of 20 to 40 m on a grid of 42 m, so that the city is full of them, and
those around the places that are asked for get corners too. What is measured is the service itself, its one query and
the comparison.
"""

from __future__ import annotations

import json

from .growth import grow
from .server import World

BOXES = """
INSERT INTO transactions_plotbox (transaction_id, cell, west, south, east, north)
SELECT id, (floor(west / 64)::bigint << 22) + floor(south / 64)::bigint, west, south, west + wide, south + wide
FROM (SELECT id, 500000 + 42 * (n % 1000)::float AS west, 2350000 + 42 * (n / 1000)::float AS south,
             20 + (n % 21)::float AS wide
      FROM (SELECT id, row_number() OVER (ORDER BY reference) AS n FROM transactions_transaction) numbered) placed
ON CONFLICT DO NOTHING;
"""
ASK = """
import json, random, statistics, time
from accounts.models import User
from plots.geometry import outline_of, written
from transactions.models import PlotBox, Transaction
from transactions.selectors.neighbours import neighbours

chance, reader = random.Random(7), User.objects.get(national_id={who!r})
many = PlotBox.objects.count()
waits, seen = [], 0

def box(west, south, east, north):
    return outline_of([(west, south), (east, south), (east, north), (west, north)])

def placed(n):
    west, south = 500000 + 42 * (n % 1000), 2350000 + 42 * (n // 1000)
    return west, south

asked = []
for _ in range({each}):
    west, south = placed(chance.randrange(many))
    asked.append(box(west + 10, south + 10, west + 45, south + 45))
    around = (west - 100, south - 100, west + 150, south + 150)
    for row in PlotBox.objects.near(around).only("west", "south", "east", "north"):
        corners = written(box(row.west, row.south, row.east, row.north).corners)
        Transaction.objects.filter(pk=row.pk).update(service="land-subdivision", answers={{"corners": corners}})
for outline in asked:
    began = time.perf_counter()
    rows = neighbours(outline, reader, at_desk=True)
    waits.append((time.perf_counter() - began) * 1000)
    seen += len(rows)
print(json.dumps([many, statistics.quantiles(waits, n=20)[-1], statistics.median(waits), seen / len(waits)]))
"""


def measure(world: World, size: int, each: int = 300) -> str:
    closed = int(world.sql("SELECT count(*) FROM transactions_transaction WHERE closed_at IS NOT NULL"))
    for first in range(1, size // closed, 100):
        grow(world, first, min(first + 99, size // closed - 1))
    world.sql(BOXES)
    world.sql("VACUUM ANALYZE")
    who = world.demo["accounts"]["reviewer"]["national_id"]
    many, p95, median, seen = json.loads(world.shell(ASK.format(who=who, each=each)).splitlines()[-1])
    return f"{many:,} plots: p95 {p95:.1f} ms, median {median:.1f} ms, {seen:.1f} plots found a question"
