"""Fourteen months of a city, played hour by hour so that every register and the journal grow in order of time.

Each request is a generator: it makes its next step at the moment it asked to be woken, and says when to wake it
again. A heap of moments drives them all. Everything follows from the seed and the day.
"""

from __future__ import annotations

import heapq
import itertools
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from random import Random
from uuid import UUID

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction

from accounts.models import Role, User
from core.hijri import RIYADH, riyadh_day
from municipality.calendar import opening_time
from municipality.models import District, Office, OfficeKind
from municipality.services import current_calendar
from transactions.answers.plots import plot_of
from transactions.attachments import services as attachments
from transactions.domain import service_types
from transactions.domain.service_types import PHOTO, ApplicantKind, Examples, ServiceType, SubmittedBy
from transactions.domain.workflow import OPEN, Status
from transactions.intake.submission import Submission
from transactions.intake.submit import submit
from transactions.models import Channel, Check, Outbox, Transaction
from transactions.outbox import queue
from transactions.transitions import checklist, inspections, moves
from transactions.transitions.moves import RequestedCompletion

from .bodies import answers_of
from .documents import of_a_building_permit
from .files import paper, photo
from .people import People, see

MONTHS = timedelta(days=425)
BATCH = 300
RUSH, RUSH_DAYS = 0.12, 21
# How many building permits carry documents made for a viewer: of the first, and with those sent so lately.
FIRST_SHOWN, MAX_SHOWN, SHOWN = 2, 6, timedelta(days=45)
REASONS = {
    "reject": "الموقع المطلوب يقع ضمن أرض مخصصة لخدمة عامة بحسب المخطط المعتمد.",
    "send_back": "نأمل إعادة التحقق من المساحات قبل الاعتماد.",
    "refer": "الموقع يقع خارج حدود البلدية.",
    "inspect": "لا توجد طفاية حريق سارية الصلاحية عند المدخل. نأمل توفيرها ثم إشعارنا.",
    "reopen": "قدّم مقدم الطلب وثيقة جديدة تغيّر نتيجة الدراسة.",
}
PLAIN = {
    "register": moves.register,
    "recommend": moves.recommend,
    "approve": moves.approve,
    "issue": moves.issue,
    "dispatch": moves.dispatch,
}
Life = Iterator[datetime]


class City:
    """Plays `count` requests up to `now`."""

    def __init__(self, people: People, chance: Random, now: datetime) -> None:
        self.people, self.chance, self.now = people, chance, now
        self.calendar = current_calendar()
        self.districts = list(District.objects.select_related("sub_municipality").order_by("code"))
        self.centres = list(Office.objects.filter(kind=OfficeKind.SERVICE_CENTRE).order_by("code"))
        self.branches = list(Office.objects.filter(kind=OfficeKind.SUB_MUNICIPALITY).order_by("code"))
        self.paper, self.photos = paper(), [photo(number) for number in range(3)]
        self.samples: dict[str, list[tuple[str, bytes]]] = {}
        self.samples_sent = 0
        self.made = 0
        self.decisions: Counter[str] = Counter()
        self.heap: list[tuple[datetime, int, Life]] = []
        self.order = itertools.count()
        # Chances of their own: what bodies answer, and what does not apply, leave the rest of the city as it was.
        self.of_bodies = Random(repr(chance.getstate()))  # noqa: S311
        self.checking = Random(repr(self.of_bodies.getstate()))  # noqa: S311

    def play(self, count: int) -> int:
        """Run everything due by now; returns how many requests were submitted."""
        heap = self.heap
        for moment in self._arrivals(count):
            self._wake(moment, self._request(moment))
        while heap and heap[0][0] <= self.now:
            with transaction.atomic():
                for _step in range(BATCH):
                    if not heap or heap[0][0] > self.now:
                        break
                    _moment, _order, life = heapq.heappop(heap)
                    self._wake(next(life, None), life)
        self._notify()
        return self.made

    def _wake(self, moment: datetime | None, life: Life) -> None:
        """Have a life go on at this moment; one that is over has none."""
        if moment is not None:
            heapq.heappush(self.heap, (moment, next(self.order), life))

    def _refer_out(self, case: Transaction, move: str, at: datetime) -> None:
        """What bodies outside are asked after this move, and what they answer."""
        for declared in case.service_type.referrals:
            if declared.after == move:
                life = answers_of(case, declared, at, self.of_bodies, self.calendar)
                self._wake(next(life, None), life)

    def _notify(self) -> None:
        """Send each notice at its own time: a worker that starts today has none of past days to send, which would use
        up the hour's share of the few mobiles here.
        """
        for row in Outbox.objects.filter(kind="notify").exclude(state="done").order_by("not_before"):
            queue.process_row(row.pk, row.not_before)

    def _arrivals(self, count: int) -> list[datetime]:
        """Submissions over fourteen months: more on working mornings, some in the evening, growing slowly.

        The last weeks are busier, so that every desk has something on it today.
        """
        today = riyadh_day(self.now)
        first = riyadh_day(self.now - MONTHS)
        days = (today - first).days
        arrivals: list[datetime] = []
        while len(arrivals) < count:
            if self.chance.random() < RUSH:
                day = today - timedelta(days=int(RUSH_DAYS * self.chance.random() ** 2))
            else:
                day = first + timedelta(days=int(days * self.chance.random() ** 0.6))
            if not self.calendar.is_working_day(day) and self.chance.random() < 0.75:
                continue
            evening = self.chance.random() < 0.25
            hour = self.chance.choice((17, 18, 19, 20, 21, 22)) if evening else self.chance.randrange(8, 14)
            moment = datetime.combine(day, time(hour, self.chance.randrange(60)), RIYADH)
            if moment <= self.now:
                arrivals.append(moment)
        return sorted(arrivals)

    def _working_time(self, after: datetime, days: float) -> datetime:
        """A moment in working hours about `days` working days later."""
        whole = int(days)
        day = riyadh_day(self.calendar.add_working_days(after, whole)) if whole else riyadh_day(after)
        if not self.calendar.is_working_day(day):
            day = self.calendar.next_working_day(day)
        moment = datetime.combine(day, opening_time(day), RIYADH) + timedelta(minutes=self.chance.randrange(10, 280))
        if moment <= after:
            moment = after + timedelta(minutes=self.chance.randrange(5, 50))
            if riyadh_day(moment) != day:  # past midnight: the office has gone home
                day = self.calendar.next_working_day(day)
                moment = datetime.combine(day, opening_time(day), RIYADH) + timedelta(minutes=30)
        return moment

    # -- one request ---------------------------------------------------------------------------------------------

    def _request(self, at: datetime) -> Life:
        case = self._submit(at)
        self.made += 1
        chance = self.chance
        yield at + timedelta(seconds=chance.randrange(1, 20))
        case = self._route(case)
        pace = chance.choices((0.6, 1.3, 3.2), (40, 40, 20))[0]
        at = self._working_time(at + timedelta(minutes=5), chance.uniform(0, 1) * pace)
        yield at
        done: list[str] = []
        if chance.random() < 0.03:
            yield from self._withdraw(case, at)
            return
        while case.status in OPEN:
            case, move = self._step(case, at, done)
            done.append(move)
            self._refer_out(case, move, at)
            if case.status == Status.RETURNED:
                at = at + timedelta(days=chance.randrange(1, 25), hours=chance.randrange(9))
                yield at
                if chance.random() < 0.08:
                    yield from self._withdraw(case, at)
                    return
                case = self._answer(case, at)
            if case.status == Status.AWAITING_PAYMENT:
                at = at + timedelta(days=chance.randrange(0, 12), hours=chance.randrange(1, 20))
            if case.status in OPEN:
                at = self._working_time(at, case.current_stage.working_days * chance.uniform(0.05, 0.9) * pace)
                yield at
        yield from self._afterwards(case, at)

    def _staff(self, case: Transaction, role: str) -> User:
        assert case.held_by is not None, "the demo asks only of routed files"  # noqa: S101
        people = self.people.staff[(case.held_by.code, role)]
        return people[case.pk % len(people)]

    def _submit(self, at: datetime) -> Transaction:
        chance = self.chance
        service, examples = self._service()
        answers = examples.varied(chance, self._district(), riyadh_day(at))
        applicant, authorisation = self._applicant(service), None
        channel, centre, by = Channel.ONLINE, None, applicant
        if service.submitted_by is SubmittedBy.ENGINEERING_OFFICE:
            authorisation = chance.choice(self.people.clients)
            applicant = by = authorisation.owner
            answers |= plot_of(authorisation)
        elif at.hour < 14 and self.calendar.is_working_day(at.date()) and chance.random() < 0.4:
            centre = chance.choice(self.centres)
            channel, by = Channel.COUNTER, self.people.staff[(centre.code, Role.CENTRE_CLERK)][0]
            see(applicant, by=by, at=at)
        elif chance.random() < 0.06:
            channel = Channel.API
        shown = self._samples(service, by, at)
        files = shown | {
            document.code: [
                self._file(document.code, document.accepts, by, at, number) for number in range(document.least)
            ]
            for document in service.documents_for(answers)
            if document.least and document.code not in shown
        }
        submission = Submission(service, applicant, answers, files, authorisation, channel, centre, applicant.language)
        return submit(submission, by=by, key=f"demo:{self.made}", now=at).transaction

    def _service(self) -> tuple[ServiceType, Examples]:
        """One of those with examples, as often as they say; the first requests are one of each."""
        offered = [(service, service.examples) for service in service_types.offered_services() if service.examples]
        if self.made < len(offered):
            return offered[self.made]
        return self.chance.choices(offered, [examples.weight for _service, examples in offered])[0]

    def _applicant(self, service: ServiceType) -> User:
        """One of the crowd; now and then somebody a newcomer can sign in as."""
        people, known = self.people.crowd, ["owner", "resident"]
        if ApplicantKind.PERSON not in service.applicants:
            people, known = self.people.establishments, ["establishment"]
        if self.chance.random() < 0.012:
            return self.people.by_role[self.chance.choice(known)]
        return self.chance.choice(people)

    def _district(self) -> str:
        if self.made < 2 * len(self.branches):
            # However small the city, every sub-municipality has something to do.
            branch = self.branches[self.made % len(self.branches)]
            return self.chance.choice(
                [candidate for candidate in self.districts if candidate.sub_municipality_id == branch.pk]
            ).code
        district = self.chance.choice(self.districts)
        if district.sub_municipality is None and self.chance.random() < 0.8:
            district = self.chance.choice([candidate for candidate in self.districts if candidate.sub_municipality])
        if self.chance.random() < 0.18:
            district = self.chance.choice(
                [candidate for candidate in self.districts if candidate.code.startswith("SHR")]
            )
        return district.code

    def _samples(self, service: ServiceType, by: User, at: datetime) -> dict[str, list[UUID]]:
        """Of the first building permits, and of the latest, documents that are worth looking at closely."""
        most = FIRST_SHOWN if at < self.now - SHOWN else MAX_SHOWN
        if service.code != "building-permit" or self.samples_sent >= most:
            return {}
        self.samples_sent += 1
        self.samples = self.samples or of_a_building_permit()
        return {
            code: [
                attachments.store(SimpleUploadedFile(name, content), document=code, by=by, now=at).key
                for name, content in files
            ]
            for code, files in self.samples.items()
        }

    def _file(self, code: str, accepts: tuple[str, ...], by: User, at: datetime, number: int) -> UUID:
        if "application/pdf" in accepts:
            upload = SimpleUploadedFile(f"{code}.pdf", self.paper)
        else:
            upload = SimpleUploadedFile(f"{code}-{number + 1}.jpg", self.photos[number % len(self.photos)])
        return attachments.store(upload, document=code, by=by, accepts=accepts, now=at).key

    def _route(self, case: Transaction) -> Transaction:
        row = Outbox.objects.get(dedupe=f"route:{case.pk}")
        queue.process_row(row.pk, row.not_before)
        routed = Transaction.objects.select_related("branch", "held_by").get(pk=case.pk)
        routed.applicant, routed.authorisation = case.applicant, case.authorisation
        return routed

    def _step(self, case: Transaction, at: datetime, done: list[str]) -> tuple[Transaction, str]:
        """What the person whose turn it is does now; returns the case after it and the move."""
        chance, stage = self.chance, case.current_stage
        move = str(stage.finish)
        if move == "register" and not done and chance.random() < 0.02:
            move = "refer"
        elif move == "recommend" and done.count("return") < 2 and chance.random() < 0.19:
            move = "return"
        elif move == "approve" and self._refuses(case):
            often = self.decisions[case.service] > 2 and "send_back" not in done
            move = "send_back" if often and chance.random() < 0.3 else "reject"
        if move == "recommend" and case.assignee_id is None and chance.random() < 0.12:
            case = moves.take(case, by=self._staff(case, stage.role), now=at)
        return self._make(case, move, at), move

    def _refuses(self, case: Transaction) -> bool:
        """A sixth is not approved; so that the smallest city shows it too, neither is the second of each service."""
        self.decisions[case.service] += 1
        return self.chance.random() < 0.16 or self.decisions[case.service] == 2

    def _make(self, case: Transaction, move: str, at: datetime) -> Transaction:
        stage = case.current_stage
        by = self._staff(case, Role.REGISTRY_CLERK if move == "refer" else stage.role)
        match move:
            case "refer":
                return self._refer(case, at)
            case "return":
                codes = self.chance.sample(case.service_type.deficiencies, k=self.chance.choice((1, 2, 2, 3)))
                return moves.return_for_completion(
                    case, deficiencies=[RequestedCompletion(code.code) for code in codes], by=by, now=at
                )
            case "send_back" | "reject":
                service = moves.send_back if move == "send_back" else moves.reject
                return service(case, reason=REASONS[move], by=by, now=at)
            case "inspect":
                return self._inspect(case, by, at)
            case "record_payment":
                return moves.record_payment(case, payment_reference=f"{7_000_000 + case.pk}", by=by, now=at)
            case "recommend" | "approve":
                self._look_through(case, by, at)
                return PLAIN[move](case, by=by, now=at)
            case _plain:
                return PLAIN[move](case, by=by, now=at)

    def _look_through(self, case: Transaction, by: User, at: datetime) -> None:
        """Every open point of the checklist is ticked; now and then one does not apply."""
        lines = checklist.stands_against(case, str(case.current_stage.finish), by)
        needless = [line for line in lines if self.checking.random() < 0.04]
        for state, chosen in (
            (Check.State.TICKED, [line for line in lines if line not in needless]),
            (Check.State.DOES_NOT_APPLY, needless),
        ):
            checklist.write(case, chosen, state, by=by, acted_as=str(case.current_stage.role), now=at)

    def _inspect(self, case: Transaction, by: User, at: datetime) -> Transaction:
        """A visit on the same day; now and then the place is not ready, once."""
        asked = case.current_stage.inspection
        assert asked is not None, "only such a stage ends with it"  # noqa: S101
        document = inspections.pending_document(case)
        photographs = [self._file(document, PHOTO, by, at, number) for number in range(asked.least)]
        failed = not case.inspections.exists() and self.chance.random() < 0.25
        return inspections.inspect(
            case, result="failed" if failed else "passed", visited_on=riyadh_day(at), photographs=photographs,
            findings=REASONS["inspect"] if failed else "", by=by, now=at,
        )  # fmt: skip

    def _refer(self, case: Transaction, at: datetime) -> Transaction:
        others = [office for office in self.branches if office.pk != case.held_by_id]
        return moves.refer(
            case,
            to=self.chance.choice(others),
            reason=REASONS["refer"],
            by=self._staff(case, Role.REGISTRY_CLERK),
            now=at,
        )

    def _answer(self, case: Transaction, at: datetime) -> Transaction:
        asked = case.deficiencies.open().values_list("pk", flat=True)
        return moves.answer(case, answers=dict.fromkeys(asked, "تم الاستكمال حسب المطلوب."), by=case.applicant, now=at)

    def _withdraw(self, case: Transaction, at: datetime) -> Life:
        case = moves.withdraw(case, by=case.applicant, now=at)
        yield from self._afterwards(case, at)

    def _afterwards(self, case: Transaction, at: datetime) -> Life:
        """What is over gets filed after a while; now and then a refused one is taken up again."""
        if case.status == Status.REJECTED and self.chance.random() < 0.08:
            at = self._working_time(at, 6)
            yield at
            moves.reopen(case, reason=REASONS["reopen"], by=self._staff(case, Role.SUPERVISOR), now=at)
            return
        if self.chance.random() < 0.08:
            at = self._working_time(at, self.chance.randrange(15, 60))
            yield at
            moves.file(case, by=self._staff(case, Role.REGISTRY_CLERK), now=at)


def noon(day: date) -> datetime:
    return datetime.combine(day, time(12, 0), RIYADH)
