"""What really happened, as those saw it who were there. The replay writes it down; judge.py holds the portal to it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

FILE = "history.json"


@dataclass
class Truth:
    """`receipts`: everyone that was given; `again`: numbers given once more; `twice`: of forms that were sent a second
    time, whether the receipt was the same; `errors`: what went wrong on purpose, and by what it was noticed; `takes`:
    files as reviewers took them, in that order; `ready`: when a file had been registered; `quarantine`: what waited for
    a person, and why; `chains`: of each box, what the checker says; `days`: a line each.
    """

    seed: int = 0
    size: dict[str, int] = field(default_factory=dict)
    receipts: dict[str, dict[str, Any]] = field(default_factory=dict)
    again: list[str] = field(default_factory=list)
    twice: dict[str, bool] = field(default_factory=dict)
    errors: list[dict[str, Any]] = field(default_factory=list)
    takes: list[dict[str, Any]] = field(default_factory=list)
    ready: dict[str, str] = field(default_factory=dict)
    quarantine: dict[str, str] = field(default_factory=dict)
    chains: dict[str, str] = field(default_factory=dict)
    days: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0

    def given(
        self, reference: str, token: str, place: str, person: int, at: datetime, *, confirmed: bool = False,
        honest: bool = True,
    ) -> None:  # fmt: skip
        """Somebody was handed a receipt; `at` is the true moment, whatever clock was wrong."""
        if reference in self.receipts:
            self.again.append(reference)
        self.receipts[reference] = {
            "token": token, "place": place, "person": person, "at": at.isoformat(), "confirmed": confirmed,
            "honest": honest,
        }  # fmt: skip

    def sent_twice(self, reference: str, *, same: bool) -> None:
        """The same form was sent a second time; was the receipt the same?"""
        self.twice[reference] = same

    def wrong(self, kind: str, where: str, noticed: str) -> None:
        """Something was done wrong on purpose; `noticed`: by what; empty: by nothing."""
        self.errors.append({"kind": kind, "where": where, "noticed": noticed})

    def taken(self, reference: str, office: int, by: int, lane: str, at: datetime, *, new_waits: bool) -> None:
        take = {"reference": reference, "office": office, "by": by, "lane": lane, "at": at.isoformat()}
        self.takes.append(take | {"new_waits": new_waits})

    def quarantined(self, row: Any) -> None:
        self.quarantine[row.reference] = row.reason

    def honest(self) -> set[str]:
        """Receipts that somebody holds who asked for something."""
        return {reference for reference, row in self.receipts.items() if row["honest"]}

    def save(self, folder: Path) -> None:
        (folder / FILE).write_text(json.dumps(asdict(self)))

    @classmethod
    def load(cls, folder: Path) -> Truth:
        return cls(**json.loads((folder / FILE).read_text()))
