"""The cast and the props every test may use. Everything is made through the services."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.conf import settings as django_settings
from django.core.cache import caches
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone, translation

from accounts import access_log
from accounts import services as people
from accounts.models import Authorisation, EngineeringOffice, User
from core.hijri import RIYADH
from jeddah_portal import stores
from jeddah_portal.demo.names import national_id
from journal import standing
from municipality.models import Office
from municipality.services import clear_caches
from transactions.attachments import rendering
from transactions.attachments import services as attachments
from transactions.domain import service_types
from transactions.domain.service_types import ServiceType, SubmittedBy
from transactions.intake.submission import Submission
from transactions.intake.submit import submit
from transactions.maintenance.health import read_health
from transactions.models import Attachment, Channel, Outbox, Transaction
from transactions.outbox import queue
from transactions.transitions import inspections, moves

from . import seed
from .answers import ANSWERS, answers_on, applicant_of
from .answers import ends_as as ends_as
from .files import become as become
from .files import content_of as content_of
from .files import pdf as pdf
from .files import picture as picture
from .files import put as put
from .files import upload as upload

sys.path.insert(0, str(Path(django_settings.BASE_DIR) / "bin"))
import provision

# Machines of every speed run these; slowness is measured by bin/bench, not by a deadline. They draw the
# same every time: what fails fails again.
hypothesis.settings.register_profile("portal", deadline=None, derandomize=True)
hypothesis.settings.load_profile("portal")

PASSWORD = "a long enough password"
# A Tuesday morning on which the city works.
NOW = datetime(2026, 11, 24, 10, 0, tzinfo=RIYADH)
# What a process remembers for some seconds: asked again or not, depending on the machine.
REMEMBERED = (
    "municipality.services.CACHE_SECONDS",
    "transactions.intake.closures.REMEMBERED_SECONDS",
    "transactions.views.public.STATISTICS_SECONDS",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "/journeys/" in str(item.path):
            item.add_marker("browser")
            item.add_marker(pytest.mark.django_db(transaction=True))


@pytest.fixture(autouse=True)
def _places(settings: Any, tmp_path: Any) -> Iterator[None]:
    """Files, keys and messages of a test stay in its folder; what processes remember is forgotten before and after."""
    settings.MEDIA_ROOT = tmp_path / "files"
    settings.SMS_DIR = tmp_path / "sms"
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    }
    # The few people of a test do what a city does; test_quotas.py sets its own.
    settings.QUOTA_REQUESTS = settings.QUOTA_DRAFTS = settings.QUOTA_UPLOAD_MB = 0
    settings.QUOTA_SMS_PHONE = settings.QUOTA_SMS = settings.QUOTA_UNFINISHED_MB = 0
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    clear_caches()
    for remembered in ("local", "tries"):
        caches[remembered].clear()
    translation.deactivate()  # the language of the last request of the test before stays in its thread
    with pytest.MonkeyPatch.context() as patch:
        # Other processes of a test find its files there too, and the witness of its journal.
        patch.setenv("MEDIA_ROOT", str(settings.MEDIA_ROOT))
        patch.setattr(rendering, "SECONDS", 60.0)  # what is meant to take too long is ended by its processor time
        for seconds in REMEMBERED:
            patch.setattr(seconds, 24 * 3600)
        yield
    clear_caches()
    access_log.discard_waiting()


@pytest.fixture
def stopped_clock(monkeypatch: pytest.MonkeyPatch) -> datetime:
    """Noon, and it stays noon: no midnight falls into the test, and what it measures is as old as it says."""
    noon = NOW.replace(hour=12)
    monkeypatch.setattr(timezone, "now", lambda: noon.astimezone(UTC))
    return noon


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: Any) -> Iterator[str]:
    """The ATTACHMENTS_URL of an S3 server of this test process alone."""
    family = provision.Family()
    try:
        yield provision.start_s3(family, log=tmp_path_factory.mktemp("s3") / "server.log")
    finally:
        family.end()


@pytest.fixture(params=["disk", "s3"])
def wherever_files_lie(request: pytest.FixtureRequest, settings: Any) -> str:
    """The test runs with its attachments on disk, then in an S3 store; returns its ATTACHMENTS_URL."""
    url = request.getfixturevalue("s3_server") if request.param == "s3" else ""
    settings.STORAGES = settings.STORAGES | {"default": stores.of_attachments(url)}
    if url:
        default_storage.bucket.objects.all().delete()
    return url


@pytest.fixture(autouse=True)
def _book_can_be_emptied(request: pytest.FixtureRequest) -> Iterator[None]:
    """After transactional tests on SQLite the whole database is emptied by DELETE, the journal too: it is append-only
    while a test runs, whatever ran before it."""
    marker = request.node.get_closest_marker("django_db")
    transactional = bool(marker and marker.kwargs.get("transaction"))
    if marker:
        request.getfixturevalue("transactional_db" if transactional else "db")
        if connection.vendor == "sqlite":
            _run(APPEND_ONLY.SQLITE)
    yield
    if transactional and connection.vendor == "sqlite":
        # Its files, and with them the witness of its journal, may be gone already.
        with standing.without_write_check():
            _run(APPEND_ONLY.SQLITE_BACK)


APPEND_ONLY = import_module("journal.migrations.0002_append_only")


def _run(statements: list[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            for verb, unless in (("DROP", "IF EXISTS"), ("CREATE", "IF NOT EXISTS")):
                statement = statement.replace(f"{verb} TRIGGER", f"{verb} TRIGGER {unless}")
            cursor.execute(statement)


@pytest.fixture
def city(db: Any) -> None:
    """Offices, districts, holidays and tariffs as they are seeded."""
    seed.plant()


@dataclass
class Cast:
    """People by what they are. All staff sit in Ash-Sharafiyah unless their name says otherwise."""

    citizen: User
    other_citizen: User
    establishment: User
    engineer: User
    other_engineer: User
    office: EngineeringOffice
    other_office: EngineeringOffice
    clerk: User
    registry: User
    reviewer: User
    second_reviewer: User
    supervisor: User
    informal: User
    administrator: User
    other_registry: User
    other_reviewer: User
    central_registry: User
    central_reviewer: User
    central_supervisor: User
    inspector: User
    central_inspector: User
    everyone: dict[str, User] = field(default_factory=dict)


@pytest.fixture
def cast(city: None) -> Cast:
    made: dict[str, User] = {}

    def person(name: str, number: int, **kind: bool) -> User:
        made[name] = User.objects.create_user(
            national_id(number, **kind), PASSWORD, full_name=name.replace("_", " "), phone=f"+9665{number:08d}"
        )
        return made[name]

    start = date(2020, 1, 1)
    shr, ctr, inf, mtr = (Office.objects.get(code=code) for code in ("SHR", "CTR", "INF", "MTR"))

    def staff(name: str, number: int, office: Office, role: str) -> User:
        user = person(name, number)
        people.create_staff_post(user, office, role, on=start)
        return user

    def engineering(licence: str, name: str, number: int) -> tuple[EngineeringOffice, User]:
        office = EngineeringOffice.objects.create(
            licence_number=licence, name_ar="مكتب", name_en="Office", licence_expires_on=date(2070, 1, 1)
        )
        user = person(name, number)
        people.add_member(office, user, on=start)
        return office, user

    office, engineer = engineering("ENG-1", "engineer", 11)
    other_office, other_engineer = engineering("ENG-2", "other_engineer", 12)
    citizen = person("citizen", 1)
    clerk = staff("clerk", 21, Office.objects.get(code="SC01"), "centre_clerk")
    cast = Cast(
        # Authorises offices and holds permits, so a clerk has seen the original ID; nobody has seen the others'.
        citizen=people.confirm_identity(citizen, {}, by=clerk, now=NOW - timedelta(days=400)),
        other_citizen=person("other_citizen", 2, resident=True),
        establishment=people.confirm_identity(person("establishment", 3, establishment=True), {}, by=clerk, now=NOW),
        engineer=engineer,
        other_engineer=other_engineer,
        office=office,
        other_office=other_office,
        clerk=clerk,
        registry=staff("registry", 22, shr, "registry_clerk"),
        reviewer=staff("reviewer", 23, shr, "reviewer"),
        second_reviewer=staff("second_reviewer", 24, shr, "reviewer"),
        supervisor=staff("supervisor", 25, shr, "supervisor"),
        informal=staff("informal", 26, inf, "informal_areas"),
        administrator=staff("administrator", 27, ctr, "administrator"),
        other_registry=staff("other_registry", 28, mtr, "registry_clerk"),
        other_reviewer=staff("other_reviewer", 29, mtr, "reviewer"),
        central_registry=staff("central_registry", 31, ctr, "registry_clerk"),
        central_reviewer=staff("central_reviewer", 32, ctr, "reviewer"),
        central_supervisor=staff("central_supervisor", 33, ctr, "supervisor"),
        inspector=staff("inspector", 34, shr, "inspector"),
        central_inspector=staff("central_inspector", 35, ctr, "inspector"),
        everyone=made,
    )
    return cast


def answers_today(code: str) -> dict[str, Any]:
    """ANSWERS as they are typed into a page, which goes by the real clock: a survey counts for three years only."""
    return answers_on(code, timezone.localdate())


def files_for(service: ServiceType, answers: dict[str, Any], by: User) -> dict[str, list[Any]]:
    """As many good files as each document of these answers needs."""
    found: dict[str, list[Any]] = {}
    for document in service.documents_for(answers):
        for number in range(document.least):
            photo = "application/pdf" not in document.accepts
            content = picture("JPEG") if photo else pdf()
            name = f"{document.code}-{number}.{'jpg' if photo else 'pdf'}"
            file = attachments.store(SimpleUploadedFile(name, content), document=document.code, by=by, now=NOW)
            found.setdefault(document.code, []).append(file.key)
    return found


def authorised(cast: Cast) -> Authorisation:
    given = people.authorise_office(cast.citizen, cast.office, plan_number="415", parcel_number="27", now=NOW)
    return people.answer_authorisation(given, accept=True, by=cast.engineer, now=NOW)


def work_off(now: datetime = NOW) -> int:
    """Do everything owed by now, and what follows from it; returns how many pieces were done."""
    done = 0
    while some := sum(
        queue.process_row(pk, now) for kind in queue.known_kinds() for pk in queue.due_ids(kind, now, 1000)
    ):
        done += some
    return done


@pytest.fixture
def submitted(cast: Cast) -> Callable[..., Transaction]:
    """Submit a request of a service for the citizen, and route it unless told not to."""
    counter = iter(range(10_000))

    def make(
        code: str = "electricity-connection",
        *,
        by: User | None = None,
        now: datetime = NOW,
        routed: bool = True,
        channel: Channel = Channel.ONLINE,
        centre: Office | None = None,
        **changed: Any,
    ) -> Transaction:
        service = service_types.get(code)
        applicant = by or applicant_of(service, cast)
        answers = ANSWERS[code] | changed
        authorisation = None
        if service.submitted_by is SubmittedBy.ENGINEERING_OFFICE:
            authorisation = Authorisation.objects.filter(status="accepted").first() or authorised(cast)
        submission = Submission(
            service=service,
            applicant=applicant,
            answers=answers,
            attachments=files_for(service, answers, cast.clerk if centre else applicant),
            authorisation=authorisation,
            channel=channel,
            centre=centre,
        )
        taker = cast.clerk if centre else applicant
        # In one transaction: a worker that runs beside the test sees it when it is routed.
        with transaction.atomic():
            case = submit(submission, by=taker, key=f"key-{next(counter)}", now=now).transaction
            if routed:
                row = Outbox.objects.get(kind="route", subject=case.pk)
                assert queue.process_row(row.pk, now)
                case.refresh_from_db()
        return case

    return make


def inspected(case: Transaction, *, by: User, now: datetime, **changed: Any) -> Transaction:
    """Record an inspection with the photographs it asks for."""
    asked = case.current_stage.inspection
    photographs = [
        attachments.attach_to_inspection(case, SimpleUploadedFile(f"{n}.jpg", picture("JPEG", shade=n)), by=by, now=now)
        for n in range(asked.least)
    ]
    facts = {"result": "passed", "visited_on": timezone.localdate(now), "photographs": [one.key for one in photographs]}
    return inspections.inspect(case, by=by, now=now, **facts | changed)


STEP = timedelta(hours=1)


def drive(case: Transaction, cast: Cast, until: str, now: datetime = NOW) -> Transaction:
    """Move a routed case on, by those whose turn it is, until its status is `until`."""
    central = case.branch.code == "CTR"
    registry = cast.central_registry if central else cast.registry
    reviewer = cast.central_reviewer if central else cast.reviewer
    supervisor = cast.central_supervisor if central else cast.supervisor
    for _step in range(12):
        if case.status == until:
            return case
        now += STEP
        finish = case.current_stage.finish
        if finish == "register":
            case = moves.register(case, by=registry, now=now)
        elif finish == "recommend":
            by = cast.informal if case.current_stage.role == "informal_areas" else reviewer
            case = moves.recommend(case, by=by, now=now)
        elif finish == "inspect":
            case = inspected(case, by=cast.central_inspector if central else cast.inspector, now=now)
        elif finish == "approve":
            case = moves.approve(case, by=supervisor, now=now)
        elif finish == "record_payment":
            case = moves.record_payment(case, payment_reference=f"SADAD-{case.pk}", by=registry, now=now)
        elif finish == "issue":
            case = moves.issue(case, by=registry, now=now)
        else:
            case = moves.dispatch(case, by=registry, now=now)
    raise AssertionError(f"{case.reference} never became {until}; it is {case.status}")


@pytest.fixture
def signed_in() -> Callable[[User], Client]:
    def make(user: User) -> Client:
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return make


def failing(now: datetime) -> dict[str, int]:
    """What goes wrong then without telling anybody, and how often."""
    return {failure: many for failure, many in read_health(now).silent.items() if many}


def stored(case: Transaction) -> tuple[Any, ...]:
    """Everything a refusal must leave as it was."""
    fresh = Transaction.objects.get(pk=case.pk)
    values = (getattr(fresh, field.attname) for field in fresh._meta.concrete_fields)
    return (*values, fresh.events.count(), fresh.movements.count(), Attachment.objects.count(), Outbox.objects.count())
