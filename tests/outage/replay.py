"""Days replayed one after the other, each from the opening of the counters to the reconciliation of its books."""

from __future__ import annotations

import sys
import time
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from . import clock, deliveries
from .boxes import BoxProcess, enrol, set_up
from .centre import Centre, read
from .plan import DISTRICTS, OFFICES, Plan
from .truth import Truth

FIRST_VISITOR = 10_000
# Of ten visitors so many stand at a counter while the centre is there; the others send theirs over the web.
AT_COUNTERS = 5
# One form of so many is sent a second time, as by a press on a page that did not answer.
SENT_TWICE = 10
WRONG_CLOCK = timedelta(days=40)


class Replay:
    """`folder` holds everything of it: the centre's database and files, a folder each box and its second disk."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        self.plan, self.folder = plan, folder
        self.chance = Random(f"{plan.seed}/days")
        self.truth = Truth(plan.seed, asdict(plan.size))
        self.centre = Centre(self.truth)
        self.visitors = 0
        # Sticks on their way, by machine, oldest first; and machines that were told nothing good of themselves.
        self.sticks: list[tuple[BoxProcess, str]] = []
        self.boxes: list[BoxProcess] = []
        self.thief: BoxProcess | None = None
        # Both machines of a box that was copied, once the centre has ended it.
        self.ended: list[BoxProcess] = []
        self.happened: set[str] = set()

    def run(self) -> Truth:
        """All days; what was seen."""
        began = time.monotonic()
        try:
            self._open()
            for day in range(1, self.plan.size.days + 1):
                self._day(day)
            self._ask_boxes()
            deliveries.name_what_was_found(self.truth, [*self.boxes, *self.ended], self.thief, self.happened)
        finally:
            for box in [*self.boxes, *self.ended, *([self.thief] if self.thief else [])]:
                box.stop()
        self.truth.seconds = round(time.monotonic() - began, 1)
        self.truth.save(self.folder)
        return self.truth

    def _open(self) -> None:
        """The people, the boxes and their processes, on the day before the first."""
        size, at = self.plan.size, clock.put_at(self.plan.moment(1) - timedelta(hours=20))
        for district in DISTRICTS[: size.branches]:
            self.centre.open_branch(district[:3], size.reviewers // size.branches)
        drawn = self.chance.sample(range(1000, 10_000), size.boxes + 1)
        for number, code in enumerate(OFFICES[: size.boxes]):
            office = self.centre.open_counter(code)
            node, content = enrol(office, self.centre.administrators, at)
            self.boxes.append(set_up(node, content, self.folder, number, drawn[number]))
        self.drawn_by_copy = drawn[-1]
        for box in self.boxes:
            box.start()
            box.tell("prepare", at)
        for box in self.boxes:
            box.answer()

    # -- a day -----------------------------------------------------------------------------------------------------

    def _day(self, day: int) -> None:
        plan = self.plan
        row: dict[str, object] = {"day": day, "date": plan.date_of(day).isoformat()}
        before = len(self.truth.honest())
        is_working, is_away = day in plan.working_days(), plan.is_away(day)
        if day == plan.size.back:
            self._come_back(day)
        counts = {}
        if is_working:
            self._visitors(day)
            if not is_away:
                now = clock.put_at(plan.moment(day, 330))
                self._deliver_all(now)
                counts = self._work(day)
        if is_away and is_working:
            self._after_hours(day)
        if not is_away:
            self.centre.close_the_day(clock.put_at(plan.moment(day, 600)))
        row |= {"away": is_away, "taken": len(self.truth.honest()) - before} | counts
        row |= self.centre.count(self.truth, is_away=is_away)
        self.truth.days.append(row)
        sys.stderr.write(f"day {day}: {row['taken']} receipts, decided {counts or 'nothing'}\n")

    def _visitors(self, day: int) -> None:
        """Each asks once: at a counter, or over the web while the centre is there."""
        plan, many = self.plan, self.plan.visitors_on(day)
        asked: list[tuple[BoxProcess, int, datetime]] = []
        for number in range(many):
            at = plan.moment(day, 10 + 300 * number // many)
            self.visitors += 1
            person, district = FIRST_VISITOR + self.visitors, self.chance.choice(DISTRICTS[: plan.size.branches])
            twice = self.chance.randrange(SENT_TWICE) == 0
            at_counter = plan.is_away(day) or self.chance.randrange(10) < AT_COUNTERS
            if not at_counter:
                clock.put_at(at)
                self.centre.take(person, district, f"web-{person}", at, twice=twice)
                continue
            # While the boxes are alone each is used on every day.
            spread = plan.is_away(day) and number < len(self.boxes)
            box = self.boxes[number] if spread else self.chance.choice(self.boxes)
            clock_says = at + WRONG_CLOCK if self._first_of(box, day, "clock") else at
            box.tell("take", clock_says, person=person, district=district, key=f"draft:{person}", twice=twice)
            asked.append((box, person, at))
            if not plan.is_away(day) or len(asked) >= 2 * len(self.boxes):
                self._receipts(asked)
        self._receipts(asked)
        if plan.is_away(day):
            self._pull_disks(day)

    def _first_of(self, box: BoxProcess, day: int, kind: str) -> bool:
        """Is this the visitor of the day at whom something goes wrong?"""
        due = [number for number in self.plan.of(kind, day) if self.boxes[number] is box]
        wanted = f"{kind}/{day}/{box.name}"
        if not due or wanted in self.happened:
            return False
        self.happened.add(wanted)
        return True

    def _receipts(self, asked: list[tuple[BoxProcess, int, datetime]]) -> None:
        for box, person, at in asked:
            said = box.answer()
            if "refused" in said:
                raise RuntimeError(f"{box.name} refused: {said}")
            self.truth.given(said["reference"], said["token"], box.name, person, at, honest=box.honest)
            if "same" in said:
                self.truth.sent_twice(said["reference"], same=said["same"])
        asked.clear()

    def _pull_disks(self, day: int) -> None:
        """A box without its second disk gives no receipt, and says why."""
        for number in self.plan.of("disk", day):
            box = self.boxes[number]
            away = box.disk.rename(box.disk.with_name(f"{box.disk.name}, pulled"))
            at = self.plan.moment(day, 320)
            said = box.ask("take", at, person=FIRST_VISITOR - 1 - number, district=DISTRICTS[0], key=f"disk-{day}")
            away.rename(box.disk)
            self.truth.wrong("disk", box.name, "no receipt given: " + said.get("refused", "")
                             if said.get("refused") == "second_disk" else "")  # fmt: skip

    # -- the centre away -------------------------------------------------------------------------------------------

    def _after_hours(self, day: int) -> None:
        """Each office writes its stick; then somebody copies a disk, and somebody takes a box away."""
        at = self.plan.moment(day, 420)
        for box in self.boxes:
            self.sticks = [pair for pair in self.sticks if pair[0] is not box]
            self.sticks += [(box, file) for file in box.ask("deliver", at, folder=str(self.folder))["files"]]
        for number in self.plan.of("clone", day):
            self._copy(self.boxes[number])
        for number in self.plan.of("stolen", day):
            self._steal(self.boxes[number], day)

    def _copy(self, box: BoxProcess) -> None:
        """Its disk is started on a second machine at the same office, and both go on giving receipts."""
        other = box.copy(f"copy of {box.name}", self.drawn_by_copy)
        other.start()
        self.boxes.append(other)

    def _steal(self, box: BoxProcess, day: int) -> None:
        """Whoever took it knows the clerk's password, and has it give receipts by night."""
        self.boxes.remove(box)
        self.thief = box
        box.honest = False
        for number in range(3):
            at = self.plan.moment(day, 700 + number)
            person = FIRST_VISITOR - 100 - number
            said = box.ask("take", at, person=person, district=DISTRICTS[0], key=f"thief-{number}")
            self.truth.given(said["reference"], said["token"], "thief", person, at, honest=False)

    def _come_back(self, day: int) -> None:
        """The centre is there since last night: a stolen box is ended, the outage declared, and sticks are brought."""
        plan, at = self.plan, clock.put_at(self.plan.moment(day, -120))
        if self.thief:
            self.centre.end_box(self.thief.node, at)
        self.centre.declare(plan.moment(plan.size.lost, 540), plan.moment(day, -720), at)
        for box, stick in self.sticks:
            self._bring(box, read(stick), day, at)
        self._thief_delivers(at)
        self._look_at_quarantine(plan.moment(day, -45))

    def _bring(self, box: BoxProcess, content: bytes, day: int, at: datetime) -> None:
        """A stick: first spoilt, where the plan says so, then as it was written, then perhaps a second time."""
        wrong = [kind for kind in deliveries.SPOILT if not box.is_copy and box.number in self.plan.of(kind, day)]
        for kind in wrong:
            noticed = deliveries.spoil(kind, content, self.centre, at, self.chance, box.node)
            if kind != "backwards":
                self.truth.wrong(kind, box.name, noticed)
        many = deliveries.entries_in(content)
        first = self.centre.receive(content, at, by_stick=True)
        if "backwards" in wrong:
            came = len(first.complete) == many and not first.wanted
            self.truth.wrong("backwards", box.name, f"the same {many} entries, once each" if came else "")
        if not box.is_copy and box.number in self.plan.of("twice", day):
            again = self.centre.receive(content, at, by_stick=True)
            self.truth.wrong("twice", box.name, "" if again.new else f"0 new of {len(again.complete)}")

    def _thief_delivers(self, at: datetime) -> None:
        if self.thief is None:
            return
        for file in self.thief.ask("deliver", at, folder=str(self.folder))["files"]:
            self.centre.receive(read(file), at, by_stick=False)

    def _look_at_quarantine(self, at: datetime) -> None:
        """What waits there is looked at. Both machines of a box that ended by itself hear so, and take nothing more."""
        self.centre.look_at_quarantine(self.truth.honest(), clock.put_at(at))
        for box in [box for box in self.boxes if self.centre.has_ended(box.node)]:
            box.ask("word", at, text=self.centre.word_to(box.node, at))
            self.boxes.remove(box)
            self.ended.append(box)

    # -- with the centre -------------------------------------------------------------------------------------------

    def _deliver_all(self, at: datetime) -> None:
        """Each box delivers over the network, hears what is confirmed, and takes the news."""
        for box in self.boxes:
            for file in box.ask("deliver", at, folder=str(self.folder))["files"]:
                self.centre.receive(read(file), at, by_stick=False)
                Path(file).unlink()
            box.ask("word", at, text=self.centre.word_to(box.node, at))
            box.ask("news", at, sealed=self.centre.news_for(box.node, at))
        self._look_at_quarantine(at)

    def _work(self, day: int) -> dict[str, int]:
        """What came in is registered, and each reviewer works as fast as they are, some days faster than others."""
        size = self.plan.size
        self.centre.register(clock.put_at(self.plan.moment(day, 335)))
        paces = [round(size.pace * self.chance.uniform(0.85, 1.15)) for _each in self.centre.reviewers]
        return self.centre.decide(paces, clock.put_at(self.plan.moment(day, 340)))

    def _ask_boxes(self) -> None:
        """At the end each box says what it confirmed, and the checker goes through its chain."""
        for box in [*self.boxes, *self.ended]:
            said = box.ask("told")
            self.truth.chains[box.name] = said["chain"]
            for reference in said["confirmed"]:
                self.truth.receipts[reference]["confirmed"] = True
