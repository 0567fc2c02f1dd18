"""The centre in this process: its people, what it takes itself and takes in of boxes, and how it works files off."""

from __future__ import annotations

import io
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from django.utils import translation

from accounts import four_eyes
from accounts import services as people
from accounts.models import User
from boxes.centre import news, quarantine, receiving, registering
from boxes.models import Box, Delivered
from municipality.models import Office
from transactions import turns
from transactions.books.reconcile import reconcile
from transactions.domain import service_types
from transactions.domain.lanes import Lane
from transactions.domain.workflow import UNDECIDED, Status
from transactions.incidents import declaring
from transactions.intake.submission import Submission
from transactions.intake.submit import submit
from transactions.models import Incident, IncidentNotice, OfficePile, Outbox, Transaction
from transactions.outbox import queue
from transactions.queues import queue_of
from transactions.selectors import piles
from transactions.transitions import moves

from ..answers import files_for
from .truth import Truth
from .words import SERVICE, answers_of, visitor

FIRST_OF_STAFF = 100
What = IncidentNotice.What


class Centre:
    """Staff of each branch: a registry clerk, a supervisor, reviewers; two administrators; a clerk a counter."""

    def __init__(self, truth: Truth) -> None:
        self.truth = truth
        self.number = FIRST_OF_STAFF
        central = Office.objects.get(code="CTR")
        self.administrators = tuple(self._person("administrator", central) for _each in range(2))
        self.registry: dict[int, User] = {}
        self.supervisor: dict[int, User] = {}
        self.reviewers: list[tuple[int, User]] = []
        self.incident: Incident | None = None

    def _person(self, role: str, office: Office) -> User:
        self.number += 1
        facts = visitor(self.number)
        user = User.objects.create_user(facts["national_id"], None, full_name=role, phone=facts["phone"])
        people.create_staff_post(user, office, role, on=date(2020, 1, 1))
        return user

    def open_branch(self, code: str, reviewers: int) -> None:
        office = Office.objects.get(code=code)
        self.registry[office.pk] = self._person("registry_clerk", office)
        self.supervisor[office.pk] = self._person("supervisor", office)
        self.reviewers += [(office.pk, self._person("reviewer", office)) for _each in range(reviewers)]

    def open_counter(self, code: str) -> Office:
        office = Office.objects.get(code=code)
        self._person("centre_clerk", office)
        return office

    # -- taken in ------------------------------------------------------------------------------------------------

    def take(self, person: int, district: str, key: str, now: datetime, *, twice: bool) -> str:
        """Somebody sends a request over the web, or sends it `twice`; returns its number."""
        facts = visitor(person)
        applicant = User.objects.create_user(
            facts["national_id"], None, full_name=facts["full_name"], phone=facts["phone"]
        )
        service = service_types.get(SERVICE)
        answers = answers_of(key, district, now.date())
        with translation.override("ar"):
            files = files_for(service, answers, applicant)
            sent = Submission(service=service, applicant=applicant, answers=answers, attachments=files)
            taken = submit(sent, by=applicant, key=key, now=now)
            if twice:
                again = submit(sent, by=applicant, key=key, now=now)
                self.truth.sent_twice(taken.transaction.reference, same=again.token == taken.token)
        self.truth.given(taken.transaction.reference, taken.token, "C1", person, now, confirmed=True)
        return taken.transaction.reference

    def receive(self, content: bytes, now: datetime, *, by_stick: bool) -> receiving.Outcome:
        """A delivery, and what its entries come to."""
        outcome = receiving.receive(io.BytesIO(content), by_stick=by_stick, now=now)
        self.work(now)
        return outcome

    def word_to(self, node: str, now: datetime) -> str:
        """All that is here of a box, in the centre's signed word."""
        return receiving.acknowledge(receiving.everything_of(Box.objects.get(node=node)), now)

    def news_for(self, node: str, now: datetime) -> str:
        return news.sealed_for(Box.objects.select_related("office").get(node=node), now).hex()

    def work(self, now: datetime) -> None:
        """Do what is owed, and what follows from it."""
        waiting, done = Outbox.objects.filter(state__in=queue.PENDING_STATES).order_by(), 1
        while done:
            kinds = sorted(set(waiting.values_list("kind", flat=True)))
            done = sum(queue.process_kind(kind, now) for kind in kinds)

    def end_box(self, node: str, now: datetime) -> None:
        registering.end(Box.objects.get(node=node), Box.End.LOST, by=self.administrators[0], now=now)

    def look_at_quarantine(self, honest: set[str], now: datetime) -> None:
        """A person asks clerk and visitor of each: what somebody holds a receipt of is accepted, the rest is not."""
        by = self.administrators[0]
        for row in Delivered.objects.filter(state=Delivered.State.QUARANTINED).order_by("pk"):
            self.truth.quarantined(row)
            if row.reference in honest:
                quarantine.accept(row, why="The visitor holds the receipt", by=by, now=now)
            else:
                quarantine.reject(row, why="Neither clerk nor visitor knows of it", by=by, now=now)
        self.work(now)

    # -- the public word -----------------------------------------------------------------------------------------

    def declare(self, start: datetime, end: datetime, now: datetime) -> None:
        """The outage, declared and ended by two administrators, afterwards."""
        texts = {"text_ar": "تعطلت أنظمة الأمانة.", "text_en": "The systems of the municipality were down."}
        facts = {"starts_at": start, "state": "dark", "stops_clocks": True, "tells_people": True, **texts}
        promise = now + timedelta(hours=1)
        self._announce(IncidentNotice(what=What.DECLARED, next_update_at=promise, **facts), now)
        self.incident = Incident.objects.get()
        self._announce(IncidentNotice(what=What.ENDED, ended_at=end, **facts), now + timedelta(minutes=1))
        self.work(now + timedelta(minutes=2))

    def _announce(self, notice: IncidentNotice, now: datetime) -> None:
        first, second = self.administrators
        proposal = declaring.propose(notice, incident=self.incident, reason="The wipe", by=first, now=now)
        four_eyes.confirm(proposal, by=second, now=now)

    # -- worked off ----------------------------------------------------------------------------------------------

    def register(self, now: datetime) -> int:
        """Each registry clerk enters what has come in; returns how many."""
        rows = list(Transaction.objects.filter(status=Status.INCOMING).order_by("submitted_at", "pk"))
        for case in rows:
            if case.held_by_id in self.registry:
                moves.register(case, by=self.registry[case.held_by_id], now=now)
                self.truth.ready[case.reference] = now.isoformat()
        return len(rows)

    def decide(self, paces: list[int], opens: datetime) -> dict[str, int]:
        """A day of all reviewers: each takes the next file as the list stands, studies it, and their supervisor
        decides; nobody takes two before the others have taken one. Returns how many of each lane.
        """
        counts = {lane.name.lower(): 0 for lane in Lane}
        for turn in range(max(paces)):
            for (office, reviewer), pace in zip(self.reviewers, paces, strict=True):
                now = opens + timedelta(minutes=30 + 300 * turn / max(paces), seconds=reviewer.pk)
                if turn < pace and (lane := self._next(office, reviewer, now)) is not None:
                    counts[lane.name.lower()] += 1
        return counts

    def _next(self, office: int, reviewer: User, now: datetime) -> Lane | None:
        waiting = queue_of(reviewer)
        held = turns.piled(now)
        new_waits = waiting.filter(assignee=None).exclude(held).exclude(due_at__lt=turns.due_soon_by(now)).exists()
        case = moves.take_next(turns.in_their_turn(waiting, reviewer, now), by=reviewer, now=now)
        if case is None:
            return None
        lane = turns.lane_of(case, now)
        self.truth.taken(case.reference, office, reviewer.pk, lane.name.lower(), now, new_waits=new_waits)
        case = moves.recommend(case, by=reviewer, now=now + timedelta(seconds=20))
        moves.approve(case, by=self.supervisor[office], now=now + timedelta(seconds=40))
        return lane

    def has_ended(self, node: str) -> bool:
        return Box.objects.filter(node=node, state=Box.State.ENDED).exists()

    def count(self, truth: Truth, *, is_away: bool) -> dict[str, Any]:
        """Receipts of which the centre has no request yet; requests that wait for a decision, and those of the pile as
        the evening's job counted them.
        """
        here = set(Transaction.objects.values_list("reference", flat=True))
        waiting = Transaction.objects.filter(status__in=sorted(UNDECIDED)).count()
        piled = sum(row.known["pile"] for row in OfficePile.objects.all())
        shown = {"waiting": None, "piled": None} if is_away else {"waiting": waiting, "piled": piled}
        return {"held": len(truth.honest() - here)} | shown

    def close_the_day(self, now: datetime) -> None:
        """The evening's jobs: what is owed, then the piles are counted and forecast, and the books reconciled."""
        self.work(now)
        piles.store(now)
        reconcile(now)


def read(place: str) -> bytes:
    return Path(place).read_bytes()
