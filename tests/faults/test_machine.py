"""A machine of random steps over intake, moves, outbox, crash, restart and repeated delivery, on the real services and
a real SQLite file. After every step the invariants of the design are checked (I1, I3, I6, I7, I13, I17, I18, I21).

Steps that once failed are kept as plain tests at the end, in the words Hypothesis prints.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.cache import caches
from django.db import connection
from django.test import override_settings
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from municipality.services import clear_caches, current_calendar
from transactions.domain import clock, service_types
from transactions.domain.errors import DomainError
from transactions.domain.workflow import CLOCK_STOPPED, CLOSED, OPEN
from transactions.intake.submission import Submission
from transactions.intake.submit import submit
from transactions.models import Event, Intake, Outbox, Transaction
from transactions.outbox import queue
from transactions.transitions import moves

from ..conftest import NOW, files_for
from .checker import inside, messages, read
from .client import ANSWERS
from .inject import points

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.embedded, pytest.mark.thorough]
FORMS = 8
INTAKE = ("journal, before append", "journal, after append", "intake, before commit")
WORK = ("route, after claim", "route, after effect", "notify, after claim", "notify, after effect")
MOVE = ("journal, before append", "journal, after append", "move, before commit")
# What staff and applicant may try from each status: (service, whose turn, what it needs).
TRIES: dict[str, list[tuple[Any, str, dict[str, Any]]]] = {
    "submitted": [(moves.withdraw, "citizen", {})],
    "incoming": [(moves.register, "registry", {}), (moves.withdraw, "citizen", {})],
    "under_study": [
        (moves.recommend, "reviewer", {}),
        (moves.return_for_completion, "reviewer", {"deficiencies": [moves.RequestedCompletion("id-unreadable")]}),
        (moves.reject, "supervisor", {"reason": "لا"}),
    ],
    "returned": [(moves.answer, "citizen", {}), (moves.withdraw, "citizen", {})],
    "awaiting_supervisor": [
        (moves.approve, "supervisor", {}),
        (moves.reject, "supervisor", {"reason": "لا"}),
        (moves.send_back, "supervisor", {"reason": "مرة أخرى"}),
    ],
    "approved": [(moves.dispatch, "registry", {})],
    "rejected": [(moves.reopen, "supervisor", {"reason": "تظلم"}), (moves.file, "registry", {})],
    "withdrawn": [(moves.reopen, "supervisor", {"reason": "عاد"})],
    "completed": [(moves.file, "registry", {})],
}
# A request withdrawn before it reached an office has none to be re-opened at.
REFUSED = {("withdrawn", "never_routed"), ("withdrawn", "move_not_allowed")}


class Crash(BaseException):
    """kill -9, as far as one process can do it to itself: nobody catches it, everything uncommitted is undone."""


class World:
    """What every example starts from: the cast and the files of FORMS requests, in a database file to copy."""

    def __init__(self, cast: Any, folder: Path) -> None:
        self.cast, self.service = cast, service_types.get("electricity-connection")
        self.files = [files_for(self.service, ANSWERS, cast.citizen) for _ in range(FORMS)]
        self.database, self.template = Path(connection.settings_dict["NAME"]), folder / "template.sqlite3"
        connection.close()
        shutil.copyfile(self.database, self.template)
        self.sent: list[dict[str, Any]] = []

    def renew(self) -> None:
        connection.close()
        shutil.copyfile(self.template, self.database)
        # The database is put back to an earlier state, which its journal's witness is not to notice here.
        shutil.rmtree(Path(django_settings.MEDIA_ROOT) / "witness", ignore_errors=True)
        self.sent.clear()


world: World


def take_sms(phone: str, text: str, key: str) -> None:
    world.sent.append({"phone": phone, "key": key})


class Portal(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        world.renew()
        self.restart()
        self.now = NOW
        self.armed = ""
        self.tokens: dict[int, str] = {}
        self.known: dict[int, tuple[str, int]] = {}
        self.take_off = points.install(self._reach)

    def _reach(self, point: str) -> None:
        if point == self.armed:
            self.armed = ""
            raise Crash(point)

    def _until_crash(self, point: str, step: Any) -> Any:
        """The step's result, or None when the process died in it; a new process then goes on."""
        self.armed = point
        try:
            return step()
        except Crash:
            self.restart()
        finally:
            self.armed = ""
        return None

    # -- what happens --------------------------------------------------------------------------------------------

    @initialize(many=st.integers(0, 4), ahead=st.integers(0, 12))
    def begin(self, many: int, ahead: int) -> None:
        """Some requests are on their way already."""
        for form in range(many):
            self.submit(form, "", True)
        self.work("route", "")
        for step in range(ahead):
            self.time_passes(1)
            self.move(step, 0, "", False)

    @rule(form=st.integers(0, FORMS - 1), crash=st.sampled_from(("", "", *INTAKE)), answered=st.booleans())
    def submit(self, form: int, crash: str, answered: bool) -> None:
        """`answered` False: committed, but the sender never heard of it. A key that was used gives the same receipt,
        and is refused for something else.
        """
        if form in self.tokens and not answered:
            other = Submission(world.service, world.cast.citizen, ANSWERS | {"meters": "3"}, world.files[form])
            with pytest.raises(DomainError):
                submit(other, by=world.cast.citizen, key=f"form-{form}", now=self.now)
        sent = Submission(world.service, world.cast.citizen, ANSWERS, world.files[form])
        intake = self._until_crash(crash, lambda: submit(sent, by=world.cast.citizen, key=f"form-{form}", now=self.now))
        if intake is None:
            assert Intake.objects.filter(key=f"form-{form}").exists() == (form in self.tokens), "half taken"
            return
        assert self.tokens.setdefault(form, intake.token) == intake.token, "I7: another receipt for the same key"
        self.known.setdefault(intake.transaction_id, ("submitted", 1))
        if not answered:
            self.restart()

    @rule(kind=st.sampled_from(("route", "notify")), crash=st.sampled_from(("", "", *WORK)))
    def work(self, kind: str, crash: str) -> None:
        self._until_crash(crash, lambda: queue.process_kind(kind, self.now))
        self._see_arrivals()

    @rule(pick=st.integers(0, 99), times=st.integers(1, 3))
    def deliver(self, pick: int, times: int) -> None:
        """A message of any age, again and in any order."""
        rows = list(Outbox.objects.order_by("pk").values_list("pk", flat=True))
        for _ in range(times if rows else 0):
            queue.process_row(rows[pick % len(rows)], self.now)
        self._see_arrivals()

    @rule(
        pick=st.integers(0, 99),
        choice=st.integers(0, 9),
        crash=st.sampled_from(("", "", "", *MOVE)),
        stale=st.sampled_from((False, False, False, True)),
    )
    def move(self, pick: int, choice: int, crash: str, stale: bool) -> None:
        """The first of the tries most often, since that is the way to the end."""
        cases = list(Transaction.objects.order_by("pk"))
        if not cases:
            return
        case = cases[pick % len(cases)]
        tries = TRIES.get(case.status, [])
        if not tries or (case.status == "submitted" and choice < 6):
            return
        act, who, needs = tries[choice - 6 if 6 <= choice < 6 + len(tries) else 0]
        if act is moves.answer:
            needs = {"answers": {row.pk: "أرفقت" for row in case.deficiencies.filter(answered_at=None)}}
        version = case.version - stale

        def step() -> Any:
            try:
                return act(case, by=getattr(world.cast, who), now=self.now, version=version, **needs)
            except DomainError as error:
                if stale or (case.status, error.code) in REFUSED:
                    return None
                raise

        done = self._until_crash(crash, step)
        if done is not None:
            assert not stale, "a move on an old version was made"
            self.known[done.pk] = (done.status, done.version)

    @rule(hours=st.sampled_from((1, 5, 24, 100, 400, -1, -30)))
    def time_passes(self, hours: int) -> None:
        """Or the clock jumps back."""
        self.now += timedelta(hours=hours)

    @rule()
    def restart(self) -> None:
        """Another process: nothing is remembered but what lies in the database."""
        connection.close()
        clear_caches()
        caches["local"].clear()

    def _see_arrivals(self) -> None:
        """Work may bring a submitted request to its office, and change nothing else (I6)."""
        for pk, (status, version) in self.known.items():
            arrived = Transaction.objects.filter(pk=pk, status="incoming", version=version + 1).exists()
            if status == "submitted" and arrived:
                self.known[pk] = ("incoming", version + 1)

    # -- what must hold ------------------------------------------------------------------------------------------

    @invariant()
    def everything_agrees(self) -> None:
        """I1, I3, I17, I18, and the numbers of the registers."""
        with connection.cursor() as cursor:
            assert inside(read(cursor)) == []

    @invariant()
    def nothing_is_lost_doubled_or_changed_by_itself(self) -> None:
        """I6, I7, I21."""
        found = {case.pk: case for case in Transaction.objects.all()}
        assert {pk: (case.status, case.version) for pk, case in found.items()} == self.known
        tokens = dict(Intake.objects.values_list("key", "token"))
        assert tokens == {f"form-{form}": token for form, token in self.tokens.items()}
        kinds = Counter("open" if case.status in OPEN else "closed" for case in found.values())
        assert kinds["open"] + kinds["closed"] == len(self.tokens)

    @invariant()
    def due_dates_follow_from_the_events(self) -> None:
        """I13: a pure function of events, calendar and pauses, and never earlier than without pauses."""
        calendar = current_calendar()
        for case in Transaction.objects.filter(status__in=OPEN):
            if case.status in CLOCK_STOPPED:
                assert case.due_at is None
                continue
            steps = Event.objects.filter(transaction=case).order_by("seq").values_list("at", "to_status")
            paused, why, since = 0, "", case.submitted_at
            for at, status in steps:
                # Waiting and being closed are two pauses: the clock may have jumped back between them.
                now_why = "waits" if status in CLOCK_STOPPED else "closed" if status in CLOSED else ""
                if now_why != why:
                    paused += calendar.working_days_between(since, at) if why else 0
                    why, since = now_why, at
            days = world.service.working_days_for(case.answers)
            assert case.due_at == clock.due_moment(case.submitted_at, days, paused, calendar)
            assert case.due_at >= clock.due_moment(case.submitted_at, days, 0, calendar)

    def teardown(self) -> None:
        """I17: left alone for long enough, all work is done, each message went out once, again only when retried."""
        try:
            for _ in range(4):
                self.now += timedelta(hours=1)
                for kind in queue.known_kinds():
                    queue.process_kind(kind, self.now)
            self._see_arrivals()
            self.everything_agrees()
            assert set(Outbox.objects.values_list("state", flat=True)) <= {"done"}
            with connection.cursor() as cursor:
                assert list(messages(read(cursor), world.sent)) == []
        finally:
            self.take_off()


@pytest.fixture
def portal(cast: Any, tmp_path: Path) -> Any:
    """The machine's class, its world made."""
    global world
    world = World(cast, tmp_path)
    with override_settings(SMS_BACKEND=f"{__name__}.take_sms", CELERY_BROKER_URL=""):
        yield Portal


def test_no_order_of_steps_and_crashes_breaks_an_invariant(portal: Any) -> None:
    """MACHINE_EXAMPLES=500 looks further than bin/test has time for, at other steps each time."""
    many = int(os.environ.get("MACHINE_EXAMPLES", "0"))
    run_state_machine_as_test(
        portal,
        settings=settings(
            max_examples=many or 10,
            stateful_step_count=40,
            derandomize=not many,
            deadline=None,
            database=None,
            # Shrinking takes minutes; --hypothesis-seed and the printed steps find the way back.
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_a_returned_request_that_is_withdrawn_and_reopened_keeps_its_pause(portal: Any) -> None:
    state = portal()
    state.begin(ahead=1, many=1)
    state.move(choice=7, crash="", pick=0, stale=False)
    state.time_passes(hours=400)
    state.move(choice=7, crash="", pick=0, stale=False)
    state.time_passes(hours=100)
    state.move(choice=0, crash="", pick=0, stale=False)
    assert [case.status for case in Transaction.objects.all()] == ["under_study"]
    state.due_dates_follow_from_the_events()
    state.teardown()
