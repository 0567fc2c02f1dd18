"""Received = open + closed + withdrawn + linked + void, per node and office; heads of the journal; files.

What was received is what the journal says, and receipts that somebody handed in; what became of it, the rows say.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from django.conf import settings
from django.db.models import Case, CharField, Count, Exists, OuterRef, Value, When
from django.db.models.functions import Left

from journal import witness
from journal.models import Chain

from ..domain.workflow import OPEN
from ..models import BroughtReceipt, Intake, Transaction
from .look import Head, Look
from .promises import entry_of, holds, old_rows, strays


@dataclass
class Line:
    """The books of one office under one node; `office` is empty for what no office holds yet, or does not any more.

    `received` are entries of the journal, `receipts` those given; the others are requests as they stand. `linked` and
    `void` are receipts handed in without a request, settled under another number or without one.
    """

    node: str
    office: str
    received: int = 0
    receipts: int = 0
    open: int = 0
    closed: int = 0
    withdrawn: int = 0
    linked: int = 0
    void: int = 0

    @property
    def difference(self) -> int:
        return self.received - (self.open + self.closed + self.withdrawn + self.linked + self.void)

    def add(self, **more: int) -> None:
        for name, many in more.items():
            setattr(self, name, getattr(self, name) + many)


def lines(look: Look) -> list[Line]:
    """Each node and office, in order."""
    lines: dict[tuple[str, str], Line] = {}

    def line(node: str, office: str | None) -> Line:
        return lines.setdefault((node, office or ""), Line(node, office or ""))

    for node, office, state, many, entries, receipts in _rows(look):
        line(node, office).add(**{state: many}, received=entries, receipts=receipts)
    for node, many in strays(look).annotate(node=Left("subject", 2)).values_list("node").annotate(Count("pk")):
        # Given and in the journal, and nothing became of it: this is the difference.
        line(node, None).add(received=many, receipts=many)
    for node, state, many in _brought(look):
        line(node, None).add(**{state: many}, received=many, receipts=many)
    return [lines[key] for key in sorted(lines)]


def _rows(look: Look) -> Iterable[tuple[str, str | None, str, int, int, int]]:
    """One statement, so that a request that moves meanwhile is counted once."""
    state = Case(
        When(status__in=sorted(OPEN), then=Value("open")),
        When(withdrawn_at__isnull=False, then=Value("withdrawn")),
        default=Value("closed"),
        output_field=CharField(),
    )
    rows = old_rows(look).annotate(
        node=Left("reference", 2),
        state=state,
        entered=Case(When(entry_of("received"), then=1)),
        given=Case(When(Exists(Intake.objects.filter(transaction=OuterRef("pk"))), then=1)),
    )
    grouped = rows.values_list("node", "held_by__code", "state").annotate(Count("pk"), Count("entered"), Count("given"))
    return list(grouped)


def _brought(look: Look) -> Iterable[tuple[str, str, int]]:
    """Receipts handed in of which no request is here: still open, settled under another number, or void."""
    here = Transaction.objects.filter(reference=OuterRef("reference"))
    state = Case(
        When(settled_at=None, then=Value("open")),
        When(transaction=None, then=Value("void")),
        default=Value("linked"),
        output_field=CharField(),
    )
    rows = BroughtReceipt.objects.filter(~Exists(here), brought_at__lt=look.settled).order_by()
    counted = rows.annotate(node=Left("reference", 2), state=state).values_list("node", "state")
    return list(counted.annotate(Count("pk")))


def by_node(lines: Iterable[Line]) -> list[Line]:
    nodes: dict[str, Line] = {}
    for line in lines:
        values = asdict(line)
        nodes.setdefault(line.node, Line(line.node, "")).add(**{n: v for n, v in values.items() if isinstance(v, int)})
    return list(nodes.values())


def heads(look: Look) -> list[dict[str, Any]]:
    """Each journal: how far it goes, its last hash, and how far it is known elsewhere; None: nobody there says."""
    beside = {
        f"{seen_witness.name}{seen_witness.lot}": seen_witness.head
        for seen_witness in witness.read_all(settings.JOURNAL_NODE).values()
    }
    lines = []
    for chain in Chain.objects.order_by("node", "incarnation"):
        name = str(chain)
        vault = look.vault.get(name) if look.vault is not None else None
        lines.append(
            {
                "journal": name,
                "entries": chain.length,
                "head": bytes(chain.head_hash).hex(),
                "witness": beside[name].seq if name in beside else None,
                "vault": _known(name, vault),
            }
        )
    return lines


def _known(name: str, head: Head | None) -> dict[str, Any] | None:
    return None if head is None else {"entries": head.seq, "same": not head.seq or holds(name, head)}


def exactly(line: Line) -> dict[str, Any]:
    return asdict(line) | {"difference": line.difference}


def in_tens(line: Line) -> dict[str, Any]:
    """As it is published of an office: rounded, since one day's figures less the day before's would tell of a single
    request; the difference is exact.
    """
    rounded = {name: (many + 5) // 10 * 10 if isinstance(many, int) else many for name, many in asdict(line).items()}
    return rounded | {"difference": line.difference}
