"""The supervisor's page: load, why files are late, handing over after a look."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts import services as people
from municipality.models import Office
from transactions.admin.supervision import chart
from transactions.models import BulkJob
from transactions.text.deadline_status import Cause, cause_of_lateness, explain_lateness
from transactions.transitions import moves

from ..conftest import NOW, PASSWORD, drive, work_off

pytestmark = pytest.mark.django_db
PAGE = "/staff/supervision/"


@pytest.fixture
def cases(cast, submitted):
    return [drive(submitted(), cast, "under_study") for _ in range(3)]


def test_only_supervisors_have_it_and_only_for_their_offices(cast, cases, signed_in):
    for person in (cast.reviewer, cast.registry, cast.administrator, cast.clerk):
        assert signed_in(person).get(PAGE).status_code == 404
    html = signed_in(cast.central_supervisor).get(PAGE, {"show": "all"}).content.decode()
    assert cases[0].reference not in html
    assert cases[0].reference in signed_in(cast.supervisor).get(PAGE, {"show": "all"}).content.decode()


def test_everyone_who_works_stages_is_listed_with_their_load_also_with_none(cast, cases, signed_in):
    moves.take(cases[0], by=cast.reviewer, now=NOW)
    answer = signed_in(cast.supervisor).get(PAGE)
    load = {row["post"].user_id: row["open"] for row in answer.context["people"]}
    others = (cast.second_reviewer, cast.inspector, cast.supervisor)
    assert load == {cast.reviewer.pk: 1, **dict.fromkeys((person.pk for person in others), 0)}
    assert answer.context["figures"]["free"] == 2
    mine = signed_in(cast.supervisor).get(PAGE, {"show": "all", "person": cast.reviewer.pk})
    assert [row[0].pk for row in mine.context["rows"]] == [cases[0].pk]


def test_an_office_of_a_supervisor_of_two_is_counted_by_itself(cast, cases, signed_in):
    people.create_staff_post(cast.supervisor, Office.objects.get(code="MTR"), "supervisor")
    offices = {row["office"].code: row["open"] for row in signed_in(cast.supervisor).get(PAGE).context["offices"]}
    assert offices == {"SHR": 3, "MTR": 0}


def test_why_a_file_is_late_is_the_first_cause_that_holds_and_is_counted_the_same(cast, submitted, signed_in):
    ago = timezone.now() - timedelta(days=60)
    nobody = drive(submitted(now=ago), cast, "under_study", ago)
    stage = drive(submitted(now=ago), cast, "under_study", ago)
    waits = submitted(now=ago)
    earlier = drive(submitted(now=ago), cast, "under_study", ago)
    moves.take(stage, by=cast.reviewer, now=ago)
    moves.recommend(earlier, by=cast.reviewer, now=timezone.now() - timedelta(hours=2))
    earlier.refresh_from_db()
    moves.recommend(earlier, by=cast.informal, now=timezone.now() - timedelta(hours=1))
    earlier.refresh_from_db()
    moves.take(earlier, by=cast.supervisor, now=timezone.now())
    expected = {nobody: Cause.NOBODY, stage: Cause.STAGE, waits: Cause.STAGE, earlier: Cause.EARLIER}
    for case, why in expected.items():
        case.refresh_from_db()
        assert case.is_late(timezone.now())
        assert cause_of_lateness(case, timezone.now()) is why
    assert "لم يستلمها أحد، وهي في هذه المرحلة منذ" in explain_lateness(nobody, timezone.now())
    assert "مدة المرحلة بأيام العمل: 5" in explain_lateness(stage, timezone.now())
    figures = signed_in(cast.supervisor).get(PAGE).context["figures"]
    assert {name: figures[f"late_{name}"] for name in Cause} == {Cause.NOBODY: 1, Cause.STAGE: 2, Cause.EARLIER: 1}
    assert figures["late"] == 4


LOOK = "/staff/bulk/"


def asked(cases, to, **more):
    return {"case": [case.reference for case in cases], "move": "reassign", "to": to, "from": PAGE, **more}


def test_a_look_says_what_will_go_and_why_the_rest_will_not(cast, cases, submitted, signed_in):
    moves.take(cases[0], by=cast.reviewer, now=NOW)
    waiting = submitted()
    approving = drive(submitted(), cast, "awaiting_supervisor")
    chosen = asked((*cases, waiting, approving), cast.reviewer.pk)
    answer = signed_in(cast.supervisor).post(LOOK, chosen, follow=True)
    assert {item.transaction_id for item in answer.context["page"]} == {cases[1].pk, cases[2].pk}
    why = {item.transaction_id: item.message for item in answer.context["stay"]}
    assert why[cases[0].pk] == "موزّعة عليه من قبل."
    assert "وارد بانتظار القيد" in why[waiting.pk]
    assert "من عمل: المشرف" in why[approving.pk]
    assert answer.context["load"] == {"has": 1, "will_have": 3}
    cases[1].refresh_from_db()
    assert cases[1].assignee is None, "a look changes nothing"


def test_a_file_that_moved_after_the_look_is_named_and_stays(cast, cases, signed_in):
    page = signed_in(cast.supervisor)
    job = page.post(LOOK, asked(cases, cast.reviewer.pk), follow=True).context["job"]
    moves.take(cases[0], by=cast.second_reviewer, now=NOW)
    page.post(reverse("staff:bulk_start", args=[job.key]))
    work_off(timezone.now())
    html = page.get(reverse("staff:bulk", args=[job.key])).content.decode()
    assert cases[0].reference in html
    for case in cases:
        case.refresh_from_db()
    assert [case.assignee for case in cases] == [cast.second_reviewer, cast.reviewer, cast.reviewer]


def test_nothing_goes_to_a_stranger_or_without_a_choice(cast, cases, signed_in):
    page = signed_in(cast.supervisor)
    for to in (cast.other_reviewer.pk, cast.citizen.pk, "", "x"):
        assert page.post(LOOK, asked(cases[:1], to)).url == PAGE
    page.post(LOOK, asked([], cast.reviewer.pk))
    assert not BulkJob.objects.exists()


def test_a_session_that_ends_before_the_last_press_comes_back_to_the_look(cast, cases, client):
    client.force_login(cast.supervisor, backend="django.contrib.auth.backends.ModelBackend")
    job = client.post(LOOK, asked(cases[:1], cast.reviewer.pk), follow=True).context["job"]
    client.logout()
    answer = client.post(reverse("staff:bulk_start", args=[job.key]), follow=True)
    answer = client.post(
        answer.redirect_chain[-1][0], {"login": cast.supervisor.national_id, "password": PASSWORD}, follow=True
    )
    assert answer.redirect_chain[-1][0] == reverse("staff:bulk", args=[job.key])
    assert [item.transaction for item in answer.context["page"]] == cases[:1]
    job.refresh_from_db()
    assert job.state == "looked_at"


def test_the_picture_counts_arrivals_and_both_kinds_of_decision_by_week(cast, submitted):
    today = NOW.date()
    approved = drive(submitted(), cast, "awaiting_supervisor")
    refused = drive(submitted(), cast, "under_study")
    moves.approve(approved, by=cast.supervisor, now=NOW + timedelta(days=1))
    moves.reject(refused, reason="أرض لخدمة عامة", by=cast.supervisor, now=NOW + timedelta(days=1))
    submitted(now=NOW - timedelta(days=7))
    submitted(now=NOW - timedelta(weeks=30))
    arrived, decided = (series.values for series in chart([approved.branch], today).series)
    assert arrived == (0, 0, 0, 0, 0, 0, 1, 2)
    assert decided == (0, 0, 0, 0, 0, 0, 0, 2)
