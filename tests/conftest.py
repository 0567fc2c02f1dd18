"""The cast and the props every test may use. Everything is made through the services."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.conf import settings as django_settings
from django.core.cache import caches
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client, TransactionTestCase
from django.utils import timezone, translation

from accounts import absences, access_log
from accounts import services as people
from accounts.models import Authorisation, User
from jeddah_portal import stores
from jeddah_portal.demo.names import national_id as national_id
from municipality.models import Office
from municipality.services import clear_caches
from transactions import checklist_points
from transactions.attachments import rendering
from transactions.attachments import services as attachments
from transactions.domain import service_types
from transactions.domain.service_types import SubmittedBy
from transactions.incidents import memory
from transactions.intake import drafts
from transactions.intake.submission import Submission
from transactions.intake.submit import submit
from transactions.maintenance.health import read_health
from transactions.models import Attachment, Channel, Draft, Outbox, Transaction
from transactions.outbox import queue
from transactions.selectors import piles
from transactions.transitions import inspections, moves

from . import order, seed, tables
from .answers import ANSWERS, applicant_of
from .answers import answers_today as answers_today
from .answers import ends_as as ends_as
from .answers import files_for as files_for
from .cast import NOW as NOW
from .cast import PASSWORD as PASSWORD
from .cast import Cast as Cast
from .cast import gather
from .files import become as become
from .files import content_of as content_of
from .files import pdf as pdf
from .files import picture as picture
from .files import put as put
from .files import upload as upload
from .ground import GROUND, empty, wanted_by

sys.path.insert(0, str(Path(django_settings.BASE_DIR) / "bin"))
import provision

# Machines of every speed run these; slowness is measured by bin/bench, not by a deadline. They draw the
# same every time: what fails fails again.
hypothesis.settings.register_profile("portal", deadline=None, derandomize=True)
hypothesis.settings.load_profile("portal")

# After a test whose transactions were real: as quick as it can be, where Django makes all permissions anew.
TransactionTestCase._fixture_teardown = empty
# Style sheets lie where they are written. Once and for all tests: a request that lingers while a setting goes back and
# forth between two tests would leave the other storage behind for the next.
django_settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
# What a process remembers for some seconds: asked again or not, depending on the machine.
REMEMBERED = (
    "accounts.absences.CACHE_SECONDS",
    "municipality.services.CACHE_SECONDS",
    "transactions.incidents.memory.CACHE_SECONDS",
    "transactions.selectors.piles.CACHE_SECONDS",
    "transactions.views.public.STATISTICS_SECONDS",
)


# Journeys whose writes are what they show; the others show templates, styles and scripts.
PLAYED_ON_BOTH = {"test_stories.py", "test_once.py"}
# What a test bears that differs between the engines, or runs servers of its own; any other is run once, on SQLite.
ASKS_THE_DATABASE = {"db", "transactional_db", "live_server", "django_db", "stack"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "/journeys/" in str(item.path):
            item.add_marker("browser")
            item.add_marker(pytest.mark.django_db(transaction=True))
            if item.path.name not in PLAYED_ON_BOTH:
                item.add_marker("embedded")
        if not ASKS_THE_DATABASE & {*item.fixturenames, *(mark.name for mark in item.iter_markers())}:
            item.add_marker("embedded")
    order.sort(items)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    return order.TogetherByFile(config, log)


@pytest.fixture(autouse=True)
def _places(settings: Any, tmp_path: Any) -> Iterator[None]:
    """Files, keys and messages of a test stay in its folder; what processes remember is forgotten before and after."""
    settings.MEDIA_ROOT = tmp_path / "files"
    settings.SMS_DIR = tmp_path / "sms"
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    # The few people of a test do what a city does; test_quotas.py sets its own.
    settings.QUOTA_REQUESTS = settings.QUOTA_DRAFTS = settings.QUOTA_UPLOAD_MB = 0
    settings.QUOTA_SMS_PHONE = settings.QUOTA_SMS = settings.QUOTA_UNFINISHED_MB = 0
    # Cases are passed on without a look, but where checklists are what is tested.
    settings.CHECKLISTS_BIND = False
    settings.MFA_TOTP_TOLERANCE = 2  # half minutes: whoever types a code of now is in time on every machine
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    clear_caches()
    memory.forget()
    absences.remembered.forget()
    piles.remembered.forget()
    checklist_points.remembered.forget()
    for remembered in ("local", "tries"):
        caches[remembered].clear()
    translation.deactivate()  # the language of the last request of the test before stays in its thread
    with pytest.MonkeyPatch.context() as patch:
        # Other processes of a test find its files there too, and the witness of its journal.
        patch.setenv("MEDIA_ROOT", str(settings.MEDIA_ROOT))
        patch.setattr(rendering, "PATIENT_SECONDS", 60.0)
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


@pytest.fixture(scope="session")
def django_db_keepdb(django_db_modify_db_settings: None, django_db_blocker: Any) -> bool:
    """Django's database of tests begins as a copy of tables that were made once; it keeps the file it finds."""
    made_for_tests = connection.settings_dict["TEST"]
    if connection.vendor == "sqlite":
        tables.copy_sqlite_file(Path(made_for_tests["NAME"]))
        return True
    with django_db_blocker.unblock():
        made_for_tests["TEMPLATE"] = tables.postgres_template()
    return False


@pytest.fixture
def _ground(request: pytest.FixtureRequest, _places: None, django_db_setup: None, django_db_blocker: Any) -> None:
    """Before the test's own transaction begins: below it lies what it asks for, and no more."""
    with django_db_blocker.unblock():
        GROUND.prepare(wanted_by(request))


@pytest.fixture
def _django_db_helper(_ground: None, _django_db_helper: None) -> None:
    """pytest-django's beginning of a test's transaction, once the ground is laid."""


@pytest.fixture
def city(db: Any) -> None:
    """Offices, districts, holidays and tariffs as they are seeded."""
    if not GROUND.holds("city"):
        seed.plant()


@pytest.fixture
def cast(city: None) -> Cast:
    """The people of the city, as nobody has changed them yet."""
    return GROUND.made("cast") if GROUND.holds("cast") else gather()


def authorised(cast: Cast) -> Authorisation:
    given = people.authorise_office(cast.citizen, cast.office, plan_number="415", parcel_number="27", now=NOW)
    return people.answer_authorisation(given, accept=True, by=cast.engineer, now=NOW)


def office_draft(cast: Cast) -> Draft:
    """A whole building permit of the citizen's engineering office, not sent yet."""
    service = service_types.get("building-permit")
    answers = answers_today(service.code)
    draft = drafts.start_draft(service, by=cast.engineer, authorisation=authorised(cast))
    for step in service.steps:
        drafts.save_step(draft, step, answers, by=cast.engineer)
    for keys in files_for(service, answers, cast.engineer).values():
        Attachment.objects.filter(key__in=keys).update(draft=draft)
    return draft


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
