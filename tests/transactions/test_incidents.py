"""Incidents: declared by two, told everywhere, never changed; the clocks of what they touch stand still."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from accounts import four_eyes, services
from accounts.errors import AccountError
from accounts.models import Proposal, User
from journal.models import Entry
from municipality.models import Office
from municipality.services import current_calendar
from transactions.incidents import declaring, memory
from transactions.models import Event, Incident, IncidentNotice, Outbox, Transaction
from transactions.selectors import open_figures
from transactions.transitions import moves, recount
from transactions.transitions.consequences import of_an_incident

from ..conftest import NOW, PASSWORD, drive, national_id, work_off

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def second(cast):
    user = User.objects.create_user(national_id(61), PASSWORD, full_name="second", phone="+966500000061")
    services.create_staff_post(user, Office.objects.get(code="CTR"), "administrator", on=date(2020, 1, 1))
    return user


def a_notice(**said):
    facts = {
        "what": "declared", "text_ar": "تعطّلت الشبكة المركزية.", "text_en": "The central network is down.",
        "starts_at": NOW - HOUR, "next_update_at": NOW + 2 * HOUR,
    }  # fmt: skip
    return IncidentNotice(**facts | said)


@pytest.fixture
def announced(cast, second):
    def announce(incident=None, now=NOW, **said):
        proposal = declaring.propose(
            a_notice(**said), incident=incident, reason="seen by both", by=cast.administrator, now=now
        )
        four_eyes.confirm(proposal, by=second, now=now)
        return IncidentNotice.objects.latest("pk")

    return announce


def recounted(now=NOW):
    while work_off(now + recount.WAIT):
        pass


def test_nothing_is_said_before_a_second_administrator_agrees(cast, second, client):
    proposal = declaring.propose(a_notice(), reason="x", by=cast.administrator, now=NOW)
    assert not Incident.objects.exists()
    with pytest.raises(AccountError):
        four_eyes.confirm(proposal, by=cast.administrator, now=NOW)
    with pytest.raises(AccountError):
        four_eyes.confirm(proposal, by=cast.supervisor, now=NOW)
    four_eyes.confirm(proposal, by=second, now=NOW)
    notice = IncidentNotice.objects.get()
    assert (notice.proposed_by, notice.confirmed_by, notice.seq) == (cast.administrator, second, 1)
    said = json.loads(bytes(Entry.objects.get(kind="incident").body))
    assert (said["ref"], said["content"]) == (f"incident-{notice.incident_id}", declaring.content_hash(
        declaring.facts_of(notice)))  # fmt: skip
    assert {"proposed", "confirmed"} == {json.loads(bytes(row.body))["step"] for row in Entry.objects.filter(
        kind="power", subject=f"power-{proposal.pk}")}  # fmt: skip


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"ended_at": NOW - 2 * HOUR}, "ended_at"),
        ({"ended_at": NOW + HOUR}, "ended_at"),
        ({"next_update_at": None}, "next_update_at"),
        ({"next_update_at": NOW - HOUR}, "next_update_at"),
        ({"next_update_at": NOW + 400 * DAY}, "next_update_at"),
        ({"offices": ["nowhere"]}, "offices"),
        ({"services": ["no-service"]}, "services"),
        ({"operations": ["flying"]}, "operations"),
        ({"operations": "intake"}, "operations"),
        ({"offices": [7]}, "offices"),
        ({"text_en": "x" * 1_000_000}, "text_en"),
        ({"text_ar": ""}, "text_ar"),
        ({"text_en": "Back at 14:00."}, "text_en"),
        ({"text_ar": "نعود الساعة ٢:٣٠ ظهرًا."}, "text_ar"),
        ({"text_en": "We are back by 3 pm."}, "text_en"),
        ({"state": "ajar"}, "state"),
        ({"what": "ended"}, "what"),
        ({"starts_at": NOW + 900 * DAY}, "starts_at"),
        ({"starts_at": NOW - 4000 * DAY, "ended_at": NOW - DAY}, "starts_at"),
    ],
)
def test_what_cannot_be_is_refused_by_its_field(cast, said, field):
    with pytest.raises(ValidationError) as refused:
        declaring.propose(a_notice(**said), reason="x", by=cast.administrator, now=NOW)
    assert field in refused.value.message_dict
    assert not Proposal.objects.exists()


def test_every_page_and_the_api_say_it_and_say_when_its_update_is_overdue(announced, client, monkeypatch, submitted):
    submitted(now=NOW - 40 * DAY)
    open_figures.store_past_months(NOW)
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    announced(text_en="The <b>central</b> network is down.", operations=["inquiry", "payments"])
    for path in ("/", "/help/", "/inquiry/", "/verify/", "/privacy/", "/figures/", "/figures/2026-10/", "/nowhere/"):
        page = client.get(path).content.decode()
        assert "تعطّلت الشبكة المركزية." in page, path
        assert "لم يصدر" not in page
    client.cookies["portal_language"] = "en"
    said = client.get("/api/v1/status/", headers={"Accept-Language": "en"}).json()
    assert [one["text_en"] for one in said["incidents"]] == ["The <b>central</b> network is down."]
    assert said["incidents"][0]["update_overdue"] is False
    monkeypatch.setattr(timezone, "now", lambda: NOW + 2 * HOUR + timedelta(minutes=1))
    assert client.get("/api/v1/status/").json()["incidents"][0]["update_overdue"] is True


def test_additions_say_what_is_so_now_and_nothing_else_is_said_of_one_that_ended(announced, cast, client):
    first = announced()
    incident = first.incident
    update = announced(incident, now=NOW + HOUR, what="extended", text_en="Still down.", next_update_at=NOW + 5 * HOUR)
    assert (update.seq, [row.text_en for row in memory.known().notices]) == (2, ["Still down."])
    end = announced(incident, now=NOW + 3 * HOUR, what="ended", ended_at=NOW + 2 * HOUR, next_update_at=None)
    assert declaring.current(NOW) == []
    with pytest.raises(ValidationError):
        announced(incident, now=NOW + 4 * HOUR, what="extended", next_update_at=NOW + 9 * HOUR)
    corrected = announced(
        incident, now=NOW + 4 * HOUR, what="corrected", starts_at=NOW - 2 * HOUR, ended_at=end.ended_at,
        next_update_at=None,
    )  # fmt: skip
    assert [row.seq for row in incident.notices.order_by("seq")] == [1, 2, 3, 4]
    assert (first.text_en, corrected.seq) == ("The central network is down.", 4)


def test_two_who_tell_at_once_are_not_both_carried_out(announced, cast, second):
    incident = announced().incident
    facts = {"incident": incident, "reason": "x", "by": cast.administrator, "now": NOW}
    one = declaring.propose(a_notice(what="extended", text_en="One."), **facts)
    two = declaring.propose(a_notice(what="extended", text_en="Two."), **facts)
    four_eyes.confirm(one, by=second, now=NOW)
    with pytest.raises(ValidationError):
        four_eyes.confirm(two, by=second, now=NOW)
    assert incident.notices.count() == 2


def test_history_edited_by_sql_is_refused_or_seen(announced):
    notice = announced()
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE transactions_incidentnotice SET text_en = 'All is well.'")
    assert declaring.changed_behind_our_back() == []
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM transactions_incidentnotice WHERE id = %s", [notice.pk])
    assert declaring.changed_behind_our_back() == [f"incident-{notice.incident_id}/1"]


def test_the_preview_counts_files_people_and_due_dates(cast, submitted, announced):
    for _ in range(3):
        drive(submitted(), cast, "under_study")
    returned = drive(submitted("electricity-connection"), cast, "under_study")
    moves.return_for_completion(
        returned, deficiencies=[moves.RequestedCompletion("photo-dark")], by=cast.reviewer, now=NOW
    )
    lines = of_an_incident(a_notice(), deleted=False)
    assert "4" in lines[0]
    assert "شخصًا واحدًا" in lines[0]
    assert "3" in lines[1]
    for scope in ({"offices": ["CTR"]}, {"services": ["building-permit"]}):
        assert of_an_incident(a_notice(**scope), deleted=False) == ["لا معاملة مفتوحة تتأثر."]


def test_clocks_stand_still_and_go_on_and_each_file_has_one_event(cast, submitted, announced):
    here = drive(submitted(), cast, "under_study")
    due = here.due_at
    incident = announced(offices=["SHR"]).incident
    recounted()
    here.refresh_from_db()
    assert (here.due_at, here.stage_due_at, here.halted_at) == (None, None, here.submitted_at)
    moves.take(here, by=cast.reviewer, now=NOW + HOUR)
    assert Transaction.objects.get(pk=here.pk).due_at is None
    announced(incident, now=NOW + DAY, what="extended", offices=["SHR"], next_update_at=NOW + 9 * DAY)
    recounted(NOW + DAY)
    end = NOW + 6 * DAY
    announced(incident, now=end, what="ended", offices=["SHR"], ended_at=end, next_update_at=None)
    recounted(end)
    here.refresh_from_db()
    lost = current_calendar().working_days_between(NOW, end)
    assert lost == 4
    assert here.due_at == current_calendar().add_working_days(due, lost)
    events = Event.objects.filter(transaction=here, move="stop_clock")
    assert [event.facts for event in events] == [{"incident": incident.pk}]
    assert list(here.events.order_by("seq").values_list("seq", flat=True)) == list(range(1, here.version + 1))


def test_an_incident_of_days_gone_by_moves_due_dates_too_and_a_correction_takes_them_back(cast, submitted, announced):
    case = drive(submitted(), cast, "under_study")
    due, later = case.due_at, NOW + 10 * DAY
    span = {"starts_at": NOW + DAY, "ended_at": NOW + 6 * DAY, "next_update_at": None}
    incident = announced(now=later, **span).incident
    recounted(later)
    case.refresh_from_db()
    assert case.due_at == current_calendar().add_working_days(due, 3)
    announced(incident, now=later, what="corrected", **span | {"ended_at": NOW + DAY})
    recounted(later)
    case.refresh_from_db()
    assert case.due_at == due


def test_one_that_is_planned_stops_clocks_when_it_begins(cast, submitted, announced):
    case = drive(submitted(), cast, "under_study")
    due = case.due_at
    announced(starts_at=NOW + DAY, next_update_at=NOW + 2 * DAY)
    recounted()
    case.refresh_from_db()
    assert (case.due_at, Outbox.objects.get(kind="incident").state) == (due, "owed")
    recounted(NOW + DAY + HOUR)
    case.refresh_from_db()
    assert (case.due_at, case.halted_at) == (None, NOW + DAY)


def test_mover_and_recount_agree_during_and_after_incidents(cast, submitted, announced):
    case = drive(submitted(), cast, "under_study")
    incident = announced(starts_at=NOW - HOUR).incident
    moves.return_for_completion(
        case, deficiencies=[moves.RequestedCompletion("photo-dark")], by=cast.reviewer, now=NOW + DAY
    )
    announced(incident, now=NOW + 4 * DAY, what="ended", ended_at=NOW + 3 * DAY, next_update_at=None)
    case = Transaction.objects.get(pk=case.pk)
    item = case.deficiencies.get()
    moves.answer(case, answers={item.pk: "نعم"}, by=cast.citizen, now=NOW + 8 * DAY)
    before = Transaction.objects.values_list(*recount.RECALCULATED_FIELDS).get(pk=case.pk)
    recounted(NOW + 8 * DAY)
    assert Transaction.objects.values_list(*recount.RECALCULATED_FIELDS).get(pk=case.pk) == before
    assert before[0] == current_calendar().working_days_between(NOW - HOUR, NOW + 8 * DAY)


def test_an_administrator_declares_on_a_page_and_another_confirms(cast, second, signed_in, client, monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    add = reverse("staff:transactions_incidentnotice_add")
    typed = {
        "what": "declared", "text_ar": "تعطّلت الشبكة.", "text_en": "The network is down.", "state": "intake",
        "starts_at_0": "2026-11-24", "starts_at_1": "09:00", "ended_at_0": "", "ended_at_1": "",
        "next_update_at_0": "2026-11-24", "next_update_at_1": "12:00", "stops_clocks": "on", "reason": "Seen.",
        "operations": ["payments"],
    }  # fmt: skip
    assert signed_in(cast.reviewer).post(add, typed).status_code in (302, 403, 404)
    page = signed_in(cast.administrator)
    asked = page.post(add, typed)
    token = asked.context["confirmed"]
    assert not Proposal.objects.exists()
    page.post(add, typed | {"_confirmed": token})
    proposal = Proposal.objects.get()
    assert not IncidentNotice.objects.exists()
    answer = reverse("staff:accounts_proposal_answer", args=[proposal.pk])
    page.post(answer, {"answer": "confirm"})
    assert not IncidentNotice.objects.exists()
    shown = signed_in(second).get(reverse("staff:accounts_proposal_change", args=[proposal.pk])).content.decode()
    assert "تعطّلت الشبكة." in shown
    assert "The network is down." in shown
    signed_in(second).post(answer, {"answer": "confirm"})
    notice = IncidentNotice.objects.get()
    assert (notice.operations, notice.state, notice.confirmed_by) == (["payments"], "intake", second)


def test_what_expires_is_extended_by_the_days_lost(cast, submitted, announced, settings, monkeypatch):
    from transactions.domain import service_types
    from transactions.intake import drafts
    from transactions.maintenance.personal_data import delete_expired
    from transactions.models import Draft
    from transactions.papers.validity import in_force_until
    from transactions.papers.verification import status_now

    permit = drive(submitted("building-permit"), cast, "issued")
    paper = permit.issued_documents.get()
    begun = drafts.start_draft(service_types.get("electricity-connection"), by=cast.other_citizen, now=NOW)
    assert in_force_until(paper) == paper.valid_until
    later = NOW + 30 * DAY
    monkeypatch.setattr(timezone, "now", lambda: later)
    announced(now=later, starts_at=NOW + DAY, ended_at=NOW + 11 * DAY, next_update_at=None)
    assert in_force_until(paper) == paper.valid_until + 10 * DAY
    assert (paper.valid_until + 10 * DAY).isoformat() in status_now(permit.reference, {"number": paper.number})
    settings.KEEP_DRAFTS_DAYS = 20
    delete_expired(NOW + 25 * DAY, 100)
    assert Draft.objects.filter(pk=begun.pk).exists()
    delete_expired(NOW + 31 * DAY, 100)
    assert not Draft.objects.filter(pk=begun.pk).exists()


def test_authorisations_fees_and_pins_have_no_end_an_incident_could_take_days_from():
    """Whoever gives one of them an end has to say here how incidents move it."""
    from accounts.models import Authorisation
    from transactions.models import FeeDue

    ends = {"expires_at", "expires_on", "valid_until", "ends_on", "due_on"}
    for model in (Authorisation, FeeDue, Transaction):
        assert ends & {field.name for field in model._meta.get_fields()} == set()
