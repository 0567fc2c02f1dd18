"""What was told, held against what is there: each invariant with its figure, and whether it holds.

It reads the portal's rows and the history of the replay, and asks the portal's own checks of receipts and the checker
of journals that stands alone. A row spoilt by hand is found here as well as one that went wrong by itself.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils import timezone

from boxes.models import Box, Delivered, RefusedDelivery
from journal import export, keys, receipts, verify
from journal.models import Entry
from transactions.books import balance, reconcile
from transactions.books.look import Look
from transactions.domain.lanes import NEW_SHARE_PERCENT
from transactions.models import Delivery, Intake, PileForecast, Reconciliation, Transaction

from .truth import Truth

MAX_INVERSIONS, MAX_ERROR = 0.01, 0.15
MOST_NAMED = 5


@dataclass(frozen=True)
class Line:
    """One invariant: what was counted, and the first of what stands against it. `holds` is None where nothing that it
    is about happened.
    """

    code: str
    title: str
    figure: str
    holds: bool | None
    against: tuple[str, ...] = ()


class Judge:
    """`sms` is the folder of the messages that left."""

    def __init__(self, truth: Truth, sms: Path) -> None:
        self.truth, self.sms = truth, sms
        rows = Transaction.objects.values_list("reference", "applicant__national_id", "pk")
        self.references = Counter(reference for reference, _person, _pk in rows)
        self.people = Counter(person for _reference, person, _pk in rows)
        # Under another number where their own was somebody else's already.
        taken = Delivered.objects.filter(state=Delivered.State.TAKEN).values_list("reference", "transaction__reference")
        self.instead = {own: other for own, other in taken if other and own != other}
        self.there = set(self.references) | set(self.instead)

    def lines(self) -> list[Line]:
        """Every invariant, in the order in which they are shown."""
        checks: list[Callable[[], Line]] = [
            self._confirmed, self._given, self._doubled, self._numbers, self._same, self._receipts, self._chains,
            self._messages, self._errors, self._copied, self._stolen, self._inversions, self._new_work,
            self._forecast, self._books,
        ]  # fmt: skip
        return [check() for check in checks]

    def _line(self, code: str, title: str, figure: str, against: list[str], *, asked: bool = True) -> Line:
        return Line(code, title, figure, not against if asked else None, tuple(against[:MOST_NAMED]))

    # -- receipts --------------------------------------------------------------------------------------------------

    def _confirmed(self) -> Line:
        told = [reference for reference, row in self.truth.receipts.items() if row["confirmed"] and row["honest"]]
        lost = [reference for reference in told if reference not in self.there]
        return self._line("confirmed", "Confirmed receipts lost", f"{len(lost)} of {len(told)}", lost, asked=bool(told))

    def _given(self) -> Line:
        told = self.truth.honest()
        lost = sorted(told - self.there)
        return self._line("given", "Receipts of any kind lost", f"{len(lost)} of {len(told)}", lost, asked=bool(told))

    def _doubled(self) -> Line:
        """Each visitor came once, so whoever has two requests has one that was doubled; and there are as many rows as
        entries of the journal and receipts.
        """
        twice = [person for person, many in self.people.items() if many > 1]
        known = {reference for reference, row in self.truth.receipts.items() if row["honest"]}
        strange = sorted(set(self.references) - known - set(self.instead.values()))
        counts = {
            "requests": sum(self.references.values()),
            "entries": Entry.objects.filter(kind="received").count(),
            "receipts": Intake.objects.count(),
        }
        unequal = [] if len(set(counts.values())) == 1 else [f"{counts}"]
        found = [*twice, *strange, *unequal]
        figure = f"{len(found)} of {counts['requests']}"
        return self._line("doubled", "Requests doubled, or asked for by nobody", figure, found)

    def _numbers(self) -> Line:
        twice = sorted({*self.truth.again, *(number for number, many in self.references.items() if many > 1)})
        many = len(self.truth.receipts) + len(self.truth.again)
        return self._line("numbers", "Numbers given twice", f"{len(twice)} of {many}", twice)

    def _same(self) -> Line:
        other = [reference for reference, same in self.truth.twice.items() if not same]
        figure = f"{len(other)} of {len(self.truth.twice)}"
        title = "Forms sent twice that gave another receipt"
        return self._line("same", title, figure, other, asked=bool(self.truth.twice))

    def _messages(self) -> Line:
        """Each SMS that left is on record once: as many files at the gateway as deliveries, and no two alike."""
        sent = Counter(path.read_text(encoding="utf-8") for path in self.sms.glob("*.txt"))
        alike = [text.partition("\n")[0] for text, many in sent.items() if many > 1]
        recorded = Delivery.objects.filter(channel=Delivery.Channel.SMS).count()
        unequal = [f"{sent.total()} sent, {recorded} on record"] if sent.total() != recorded else []
        figure = f"{len(alike) + len(unequal)} of {sent.total()}"
        return self._line(
            "messages", "Messages sent twice, or not on record", figure, alike + unequal, asked=bool(sent)
        )

    def _receipts(self) -> Line:
        """Each receipt as its holder shows it to the verify page."""
        bad = []
        for reference in sorted(self.truth.honest()):
            check = receipts.check_token(self.truth.receipts[reference]["token"])
            if not (check.signature_good and check.in_journal and check.subject == reference):
                bad.append(reference)
        many = len(self.truth.honest())
        return self._line("receipts", "Receipts the verify page does not call genuine", f"{len(bad)} of {many}", bad)

    def _chains(self) -> Line:
        """The checker that stands alone: the centre's journal whole, each box's own, and no gap in what arrived."""
        _heads, bad = verify.verify(export.lines(), keys.public_bytes())
        against = [str(bad)] if bad else []
        against += [f"{name}: {why}" for name, why in self.truth.chains.items() if why]
        for box in Box.objects.all():
            seqs = Delivered.objects.filter(box=box, in_chain=True).order_by("seq").values_list("seq", flat=True)
            if list(seqs) != list(range(1, box.head_seq + 1)):
                against.append(f"box {box.node}: a gap")
        figure = f"{len(against)} of {1 + len(self.truth.chains)}"
        return self._line("chains", "Journals that are broken or have a gap", figure, against)

    # -- what went wrong on purpose --------------------------------------------------------------------------------

    def _errors(self) -> Line:
        missed = [f"{row['kind']} at {row['where']}" for row in self.truth.errors if not row["noticed"]]
        figure = f"{len(self.truth.errors) - len(missed)} of {len(self.truth.errors)}"
        return self._line("errors", "Seeded errors caught or named", figure, missed, asked=bool(self.truth.errors))

    def _copied(self) -> Line:
        """The box that was copied has ended, and whoever holds a receipt of either machine is served."""
        cloned = list(Box.objects.filter(ended_why=Box.End.CLONED).values_list("node", flat=True))
        wanted = [row for row in self.truth.errors if row["kind"] == "clone"]
        mine = [ref for ref in self.truth.honest() if ref[:2] in cloned]
        lost = [ref for ref in mine if ref not in self.there]
        against = lost + [f"{row['where']} was not found out" for row in wanted if not cloned]
        waited = Delivered.objects.filter(reason="forked").count()
        figure = f"{len(mine) - len(lost)} of {len(mine)}; {waited} waited in quarantine"
        return self._line("copied", "Copied box ended, honest receipts of both machines kept", figure, against,
                          asked=bool(wanted))  # fmt: skip

    def _stolen(self) -> Line:
        thiefs = [ref for ref, row in self.truth.receipts.items() if not row["honest"]]
        taken = [ref for ref in thiefs if ref in self.there]
        refused = sum(RefusedDelivery.objects.values_list("many", flat=True))
        figure = f"{len(taken)} of {len(thiefs)} receipts; {refused} badly signed deliveries refused"
        return self._line("stolen", "What the stolen box gave that became a request", figure, taken, asked=bool(thiefs))

    # -- the drain -------------------------------------------------------------------------------------------------

    def _inversions(self) -> Line:
        """Of two files of the pile at one office that were both registered, the one whose applicant asked first, by the
        true moment, is taken first.
        """
        offices = defaultdict(list)
        for take in self.truth.takes:
            row = self.truth.receipts.get(take["reference"])
            if take["lane"] == "pile" and row:
                offices[take["office"]].append((row["at"], self.truth.ready[take["reference"]], take))
        late = {ref for ref, why in self.truth.quarantine.items() if why == "clock"}
        pairs, wrong, of_clocks = 0, list[str](), 0
        for taken in offices.values():
            for number, (at, _ready, take) in enumerate(taken):
                for later_at, ready, later in taken[number + 1 :]:
                    if ready > take["at"]:
                        continue
                    pairs += 1
                    if later_at < at:
                        of_clocks += later["reference"] in late
                        wrong += (
                            [] if later["reference"] in late else [f"{take['reference']} before {later['reference']}"]
                        )
        share = len(wrong) / pairs if pairs else 0.0
        figure = f"{share:.2%} ({len(wrong)} of {pairs}); {of_clocks} more by files whose box had a wrong clock"
        against = wrong if share >= MAX_INVERSIONS else []
        return self._line(
            "order", "Pairs of the pile taken out of order (under 1 %)", figure, against, asked=bool(pairs)
        )

    def _new_work(self) -> Line:
        """Of each person's files, while new ones waited beside a pile: three of ten, less one."""
        people = defaultdict(list)
        for take in self.truth.takes:
            if take["new_waits"] and self._drains(take["at"]):
                people[take["by"]].append(take["lane"] == "new")
        against, lowest = [], 1.0
        for person, taken in people.items():
            lowest = min(lowest, sum(taken) / len(taken))
            if sum(taken) < NEW_SHARE_PERCENT * len(taken) // 100 - 1:
                against.append(f"person {person}: {sum(taken)} of {len(taken)}")
        every = [new for taken in people.values() for new in taken]
        figure = f"{sum(every) / len(every):.0%} of {len(every)}; least of one person {lowest:.0%}" if every else "0"
        return self._line("new", "Share of new work in the drain (30 %, less a file a person)", figure, against,
                          asked=bool(every))  # fmt: skip

    def _drains(self, at: str) -> bool:
        first = next((take["at"] for take in self.truth.takes if take["lane"] == "pile"), None)
        last = next((take["at"] for take in reversed(self.truth.takes) if take["lane"] == "pile"), "")
        return first is not None and first <= at <= last

    def _forecast(self) -> Line:
        """Of what all offices were to decide of the pile in three working days, against what they did decide. What was
        forecast to end within these days says nothing of a pace.
        """
        days: dict[Any, list[PileForecast]] = defaultdict(list)
        for row in PileForecast.objects.order_by("day"):
            days[row.day].append(row)
        errors, against = list[float](), list[str]()
        for day, rows in days.items():
            expected, waiting = sum(row.expected for row in rows), sum(row.waiting for row in rows)
            if any(row.actual is None for row in rows) or expected >= waiting:
                continue
            actual = sum(row.actual or 0 for row in rows)
            errors.append(abs(actual - expected) / max(actual, 1))
            if abs(actual - expected) > MAX_ERROR * actual + len(rows):
                against.append(f"{day}: {expected:.0f} forecast, {actual} decided")
        figure = f"worst {max(errors, default=0.0):.0%} of {len(errors)} that came due"
        title = "Error of the forecast from the third day of the drain (15 %, and a file an office)"
        return self._line("forecast", title, figure, against, asked=bool(errors))

    def _books(self) -> Line:
        """Received = open + closed + withdrawn + linked + void for every node and office, signed, nothing missing."""
        rows = [
            (str(books.day), json.loads(books.text)["differences"], books.offices, bool(books.token))
            for books in Reconciliation.objects.order_by("at")
        ]
        # As it stands now, without writing anything.
        look = Look(timezone.now())
        found = {code: {"found": len(list(kind.find(look)))} for code, kind in reconcile.KINDS.items()}
        rows.append(("at the end", found, [balance.exactly(line) for line in balance.lines(look)], True))
        against = []
        for day, differences, offices, signed in rows:
            wrong = [f"{kind} {row['found'] if row else 'not asked'}" for kind, row in differences.items()
                     if not row or row["found"]]  # fmt: skip
            wrong += [
                f"{line['node']} {line['office']}: {line['difference']}" for line in offices if line["difference"]
            ]
            wrong += [] if signed else ["not signed"]
            against += [f"{day}: {', '.join(wrong)}"] if wrong else []
        figure = f"{len(rows) - 1 - sum(not each.startswith('at') for each in against)} of {len(rows) - 1}"
        return self._line("books", "Days on which the books agree, and at the end", figure, against)
