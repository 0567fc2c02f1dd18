"""How large a replay is, and what goes wrong in it on which day. Pure: the same seed gives the same plan."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random

from core.hijri import RIYADH

FIRST = date(2026, 11, 22)
"""A Sunday; no holiday falls into the weeks after it."""
OPENS = time(8, 0)
DISTRICTS = ("SHR-01", "MTR-01", "JAM-01")
OFFICES = ("SC01", "SC02", "SC03", "SC04", "SC05")


@dataclass(frozen=True)
class Size:
    """`days` from the first to the last; the centre goes in the evening of day `lost` and is there again in the morning
    of day `back`. `visitors` come each working day, `later` of them once it is back; each of the `reviewers` decides
    about `pace` files a day.
    """

    boxes: int
    days: int
    lost: int
    back: int
    visitors: int
    later: int
    branches: int
    reviewers: int
    pace: int


FULL = Size(5, days=21, lost=2, back=10, visitors=340, later=340, branches=3, reviewers=12, pace=28)
SHORT = Size(3, days=18, lost=2, back=7, visitors=18, later=6, branches=1, reviewers=3, pace=4)


@dataclass(frozen=True)
class Wrong:
    """One thing that goes wrong on purpose: a kind of `KINDS`, at a box (its number), on a day."""

    kind: str
    box: int
    day: int


# What goes wrong on purpose, and by what it has to be noticed.
KINDS = {
    "cut": "a stick that is cut off in the middle",
    "twice": "a stick that is brought twice",
    "backwards": "a stick whose parts come in another order",
    "damaged": "an entry damaged on the stick",
    "forged": "an entry in the name of a box, signed by somebody else",
    "clock": "the clock of a box weeks ahead",
    "disk": "the second disk of a box pulled",
    "clone": "the disk of a box copied and started elsewhere",
    "stolen": "a box stolen",
}
CLONED, STOLEN = 1, 2


@dataclass
class Plan:
    size: Size
    seed: int
    wrong: list[Wrong] = field(default_factory=list)

    @classmethod
    def draw(cls, size: Size, seed: int) -> Plan:
        """What goes wrong: copy and theft while the centre is away, the rest at boxes and on days that are drawn."""
        chance = Random(f"{seed}/wrong")
        plan = cls(size, seed)
        away = [day for day in plan.working_days() if size.lost < day < size.back]
        plan.wrong = [Wrong("clone", CLONED, away[len(away) // 2]), Wrong("stolen", STOLEN, away[-1])]
        plan.wrong += [Wrong(kind, chance.randrange(size.boxes), chance.choice(away)) for kind in ("clock", "disk")]
        for kind in ("cut", "twice", "backwards", "damaged", "forged"):
            boxes = chance.sample(range(size.boxes), 1 + size.boxes // 2)
            plan.wrong += [Wrong(kind, box, size.back) for box in boxes]
        return plan

    def working_days(self) -> list[int]:
        """The numbers of the days on which the city works: Sunday to Thursday."""
        return [day for day in range(1, self.size.days + 1) if self.date_of(day).weekday() not in (4, 5)]

    def date_of(self, day: int) -> date:
        return FIRST + timedelta(days=day - 1)

    def moment(self, day: int, minutes: int = 0) -> datetime:
        """So many minutes after the counters have opened."""
        return datetime.combine(self.date_of(day), OPENS, RIYADH) + timedelta(minutes=minutes)

    def is_away(self, day: int) -> bool:
        """Is the centre away while the counters are open?"""
        return self.size.lost < day < self.size.back

    def visitors_on(self, day: int) -> int:
        return self.size.later if day >= self.size.back else self.size.visitors

    def of(self, kind: str, day: int) -> list[int]:
        """The boxes at which this goes wrong on this day."""
        return [each.box for each in self.wrong if (each.kind, each.day) == (kind, day)]
