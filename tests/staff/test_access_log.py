"""Who looked at what is kept, may not be changed, and those who must answer for it can read it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts import access_log, four_eyes, services
from accounts.models import AccessRecord, Act, User
from transactions.domain import pins
from transactions.maintenance.cleanup import clean_up

from ..conftest import NOW, PASSWORD, drive, national_id
from ..portal.world import build

pytestmark = pytest.mark.django_db
ROOT = settings.BASE_DIR
LOG = "staff:accounts_accessrecord_changelist"


def kept(*acts):
    return list(AccessRecord.objects.filter(act__in=acts or list(Act)).order_by("pk"))


def case_of(cast, submitted, code="building-permit"):
    return drive(submitted(code), cast, "under_study" if code != "building-permit" else "under_admin_audit")


def test_reading_a_case_and_a_file_is_kept_with_who_when_where_and_why(cast, submitted, signed_in):
    case = case_of(cast, submitted)
    page = signed_in(cast.reviewer)
    AccessRecord.objects.filter(pk=0)
    before = timezone.now()
    page.get(reverse("staff:case", args=[case.reference]), REMOTE_ADDR="203.0.113.9")
    (row,) = kept(Act.READ_CASE)
    assert (row.by, row.subject, row.person, row.address) == (
        cast.reviewer,
        case.reference,
        cast.citizen,
        "203.0.113.9",
    )
    assert (row.office.code, row.why) == ("SHR", "reviewer at SHR")
    assert before <= row.at <= timezone.now()
    file = case.attachments.filter(content_type="application/pdf").first()
    page.get(reverse("transactions:file", args=[file.key]))
    (row,) = kept(Act.READ_FILE)
    assert (row.by, row.subject) == (cast.reviewer, case.reference)
    assert str(file.key) in row.why


def test_every_door_keeps_it(cast, submitted, signed_in):
    case = case_of(cast, submitted)
    for address in (
        reverse("transactions:request", args=[case.reference]),
        f"/api/v1/transactions/{case.reference}/",
    ):
        for person in (cast.supervisor, cast.engineer):
            seen = len(kept(Act.READ_CASE))
            assert signed_in(person).get(address).status_code == 200
            assert len(kept(Act.READ_CASE)) == seen + 1, (address, person)
    assert "ENG-1" in kept(Act.READ_CASE)[-1].why


def test_whoever_looks_at_their_own_leaves_no_row_and_whoever_is_refused_saw_nothing(cast, submitted, signed_in):
    case = case_of(cast, submitted)
    signed_in(cast.citizen).get(reverse("transactions:request", args=[case.reference]))
    signed_in(cast.other_reviewer).get(reverse("staff:case", args=[case.reference]))
    assert kept(Act.READ_CASE) == []


def test_people_and_searches_are_kept(cast, signed_in):
    page = signed_in(cast.administrator)
    page.get(reverse("staff:accounts_user_changelist"), {"q": cast.citizen.national_id})
    page.get(reverse("staff:accounts_user_change", args=[cast.citizen.pk]))
    signed_in(cast.reviewer).get(reverse("staff:index"), {"q": "الزهراني"})
    assert [(row.by, row.subject) for row in kept(Act.SEARCH)] == [
        (cast.administrator, cast.citizen.national_id),
        (cast.reviewer, "الزهراني"),
    ]
    assert [(row.by, row.person) for row in kept(Act.READ_PERSON)] == [(cast.administrator, cast.citizen)]


@pytest.mark.parametrize(
    "model", ["accounts_user", "accounts_authorisation", "accounts_staffpost", "accounts_proposal"]
)
def test_lists_of_people_that_are_leafed_through_and_every_person_opened_are_kept(model, cast, submitted, signed_in):
    world = build(cast, submitted)
    own = {"accounts_user": cast.citizen, "accounts_staffpost": cast.reviewer.posts.get(), "accounts_proposal": None}
    own["accounts_authorisation"] = world.studied.authorisation
    row = own[model] or four_eyes.give_post(
        cast.other_citizen, cast.reviewer.posts.get().office, "reviewer", starts_on=NOW.date(), reason="x",
        by=cast.administrator, now=NOW,
    )  # fmt: skip
    person = {"accounts_user": cast.citizen, "accounts_authorisation": cast.citizen}.get(model) or (
        row.user if model == "accounts_staffpost" else row.person
    )
    page = signed_in(cast.administrator)
    before = list(kept(Act.READ_PERSON)), list(kept(Act.READ_LIST))
    page.get(reverse(f"staff:{model}_changelist"))
    for view in ("change", "history"):
        assert page.get(reverse(f"staff:{model}_{view}", args=[row.pk])).status_code == 200
    access_log.flush()
    looked = kept(Act.READ_PERSON)[len(before[0]) :]
    assert [(one.by, one.person) for one in looked] == [(cast.administrator, person)] * 2
    listed = kept(Act.READ_LIST)[len(before[1]) :]
    assert [(one.by, one.why) for one in listed] == [(cast.administrator, model.replace("_", ".", 1))]


def test_the_list_of_requests_that_is_leafed_through_is_kept(cast, submitted, signed_in):
    case_of(cast, submitted)
    signed_in(cast.reviewer).get(reverse("staff:transactions_transaction_changelist"))
    access_log.flush()
    assert [row.by for row in kept(Act.READ_LIST)] == [cast.reviewer]


def test_inquiries_by_number_are_kept_without_a_question_more(cast, submitted, client):
    case = case_of(cast, submitted)
    typed = {"by": "pin", "reference": case.reference, "pin": pins.derive_pin(case.reference)}
    client.post(reverse("transactions:inquiry"), typed)
    access_log.flush()
    with CaptureQueriesContext(connection) as asked:
        assert client.post(reverse("transactions:inquiry"), typed, REMOTE_ADDR="203.0.113.7").status_code == 200
    assert not [query for query in asked.captured_queries if "accessrecord" in query["sql"]]
    client.post(reverse("transactions:inquiry"), typed | {"pin": "0000 0000"})
    client.post("/api/v1/inquiries/", {"reference": case.reference, "pin": pins.derive_pin(case.reference)})
    assert access_log.flush() >= 2
    rows = kept(Act.INQUIRY)
    assert {row.subject for row in rows} == {case.reference}
    assert "203.0.113.7" in {row.address for row in rows}
    assert [row.subject for row in kept(Act.INQUIRY_REFUSED)] == [case.reference]


def test_rows_that_could_not_be_written_are_written_later(monkeypatch):
    access_log.flush()
    access_log.record_later(Act.INQUIRY, subject="C1A-1448-000001-1")
    with monkeypatch.context() as patch:
        patch.setattr(AccessRecord.objects, "bulk_create", lambda *a, **k: (_ for _ in ()).throw(DatabaseError("away")))
        assert access_log.flush() == 0
    assert access_log.flush() == 1
    assert [row.subject for row in kept(Act.INQUIRY)] == ["C1A-1448-000001-1"]


@pytest.mark.django_db(transaction=True)
def test_a_row_that_cannot_be_written_holds_up_nobody_elses(cast, caplog):
    gone = services.identify_visitor(
        national_id=national_id(6161), full_name="نورة", phone="0533333333", by=cast.clerk, now=NOW
    )
    before = len(kept(Act.INQUIRY))
    access_log.discard_waiting()
    for subject, by in (("first", None), ("of nobody", gone), ("last", None)):
        access_log.record_later(Act.INQUIRY, by=by, subject=subject)
    User.objects.filter(pk=gone.pk).delete()
    assert access_log.flush() == 2
    assert [row.subject for row in kept(Act.INQUIRY)[before:]] == ["first", "last"]
    assert access_log.flush() == 0, "and is not tried again"
    assert any("cannot be written" in record.message for record in caplog.records)


@pytest.mark.parametrize("rows", [0, 2])
def test_what_a_process_cannot_write_before_it_ends_is_said(tmp_path, rows):
    code = f"""
import django; django.setup()
from accounts import access_log
from accounts.models import Act
for _ in range({rows}): access_log.record_later(Act.INQUIRY, subject="C1A-1448-000001-1")
"""
    env = {**os.environ, "DATABASE_URL": f"sqlite:///{tmp_path}/no/such/place", "LOG_LEVEL": "ERROR", "DEMO": "1"}
    env |= {"DJANGO_SETTINGS_MODULE": "jeddah_portal.settings"}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, timeout=120)
    lost = [json.loads(line) for line in done.stderr.splitlines() if "lost with this process" in line]
    assert done.returncode == 0
    assert [line["rows"] for line in lost] == ([rows] if rows else [])


def test_getting_in_and_failing_to_is_kept(cast, client):
    login = reverse("account_login")
    client.post(login, {"login": cast.citizen.national_id, "password": "wrong wrong wrong"})
    client.post(login, {"login": "1000000008", "password": "wrong wrong wrong"})
    client.post(login, {"login": cast.citizen.national_id, "password": PASSWORD})
    assert [(row.act, row.by, row.person) for row in kept()] == [
        (Act.SIGN_IN_FAILED, None, cast.citizen),
        (Act.SIGN_IN_FAILED, None, None),
        (Act.SIGN_IN, cast.citizen, cast.citizen),
    ]
    assert access_log.count_security_events(timezone.now())["sign_in_failed"] == 2


def test_whoever_has_to_wait_and_a_password_set_by_a_code_are_kept(cast, client, settings):
    typed = {"login": cast.citizen.national_id, "password": "wrong wrong wrong"}
    for _ in range(8):
        client.post(reverse("account_login"), typed)
    assert {(row.person, row.by) for row in kept(Act.LOCKED_OUT)} == {(cast.citizen, None)}
    sent = services.send_code(
        national_id=cast.citizen.national_id,
        full_name="x",
        phone=cast.citizen.phone,
        language="ar",
        address="203.0.113.1",
        now=NOW,
    )
    text = max(settings.SMS_DIR.iterdir(), key=lambda path: path.name).read_text(encoding="utf-8").split("\n", 1)[1]
    code = "".join(part for part in text if part.isdecimal())[:6]
    services.open_account(sent.pk, code, "quite another password", now=NOW)
    assert [row.person for row in kept(Act.PASSWORD_SET)] == [cast.citizen]


@pytest.mark.parametrize("change", ["update", "delete"])
def test_the_database_refuses_to_change_or_forget_a_row(change):
    access_log.record(Act.SEARCH, subject="x")
    rows = AccessRecord.objects.all()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        rows.update(subject="y") if change == "update" else rows.delete()
    assert rows.get().subject == "x"


def test_what_is_older_than_the_rule_is_forgotten_and_nothing_else(settings):
    settings.ACCESS_LOG_DAYS = 730
    now = datetime.now(UTC)
    for days in (1, 364, 729, 731, 2000):
        access_log.record(Act.SEARCH, subject=str(days), now=now - timedelta(days=days))
    clean_up(now)
    assert {row.subject for row in kept()} == {"1", "364", "729"}


def test_administrators_read_the_log_supervisors_what_is_theirs_and_others_nothing(cast, submitted, signed_in):
    case = case_of(cast, submitted)
    signed_in(cast.reviewer).get(reverse("staff:case", args=[case.reference]))
    signed_in(cast.administrator).get(reverse("staff:accounts_user_change", args=[cast.citizen.pk]))

    def shown(person, **asked):
        answer = signed_in(person).get(reverse(LOG), asked)
        if answer.status_code != 200:
            return answer.status_code
        return {row.act for row in answer.context["cl"].result_list}

    assert {Act.READ_CASE, Act.READ_PERSON, Act.SIGN_IN} <= shown(cast.administrator)
    assert shown(cast.supervisor) == {Act.READ_CASE}
    assert shown(cast.central_supervisor) == set()
    assert shown(cast.reviewer) in (403, 404)
    assert shown(cast.supervisor, q=case.reference.lower()) == {Act.READ_CASE}
    assert shown(cast.administrator, q=cast.reviewer.national_id) >= {Act.READ_CASE}
    assert shown(cast.administrator, q="C1A-1448-999999-X") == set()
    assert {row.by for row in kept(Act.READ_LOG)} == {
        cast.administrator,
        cast.supervisor,
        cast.central_supervisor,
    }
    row = kept(Act.READ_PERSON)[0]
    address = reverse("staff:accounts_accessrecord_change", args=[row.pk])
    assert signed_in(cast.supervisor).get(address).status_code != 200
    assert signed_in(cast.administrator).get(address).status_code == 200


def test_nothing_of_a_person_stands_in_the_lines_of_the_log(cast, caplog):
    with caplog.at_level("INFO"):
        access_log.record(Act.READ_PERSON, by=cast.administrator, person=cast.citizen, subject=cast.citizen.national_id)
    said = str([record.__dict__ for record in caplog.records])
    assert cast.citizen.national_id not in said
    assert cast.citizen.full_name not in said
    assert NOW
