"""Applications, my requests and the office workspace over HTTP: what is kept, said and counted."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import services as people
from accounts.models import Authorisation
from core.hijri import RIYADH
from core.text import loose_key, without_marks
from transactions.answers import cleaning as answers
from transactions.domain import service_types
from transactions.domain.errors import Problem
from transactions.domain.service_types import Field, Kind, Step
from transactions.intake import drafts
from transactions.intake.answer_forms import step_page
from transactions.models import Draft, Transaction
from transactions.text.deadline_status import deadline_status
from transactions.text.progress import WaitingFor, progress_of
from transactions.transitions import moves
from transactions.transitions.moves import RequestedCompletion

from ..conftest import ANSWERS, NOW, PASSWORD, authorised, drive, picture, upload
from .test_pages import queries

pytestmark = pytest.mark.django_db
ELECTRICITY = service_types.get("electricity-connection")


def begun(user):
    draft = drafts.start_draft(ELECTRICITY, by=user)
    for step in draft.service_type.steps:
        drafts.save_step(draft, step, ANSWERS["electricity-connection"], by=user)
    return draft


def returned(submitted, cast, **more):
    case = drive(submitted(**more), cast, "under_study")
    asked = [RequestedCompletion("croquis-stamp"), RequestedCompletion("load-reason")]
    return moves.return_for_completion(case, deficiencies=asked, by=cast.reviewer, now=NOW + timedelta(hours=3))


# -- choosing a district ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", ["الشرفية", "الشرفيه", "شرفية", "Ash-Sharafiyah", "ash sharafiyah", "SHARAFIYAH"])
def test_a_district_is_found_in_either_script_however_it_is_spelt(typed, city):
    assert answers.DistrictField().clean(typed) == "SHR-01"


def test_names_that_differ_only_by_habit_have_one_key():
    assert loose_key("الرُّويس") == loose_key("الرويس") == loose_key("رويس")
    assert loose_key("Al-Ruwais") == loose_key("ruwais") == "ruwais"


def test_a_name_cannot_turn_the_text_around_it():
    assert without_marks("علي\u202egnik\u2066\u200f") == "عليgnik"


# -- writing a request -----------------------------------------------------------------------------------------


def test_pressing_start_twice_begins_one_request(cast, signed_in):
    page, url = signed_in(cast.citizen), reverse("transactions:start", args=[ELECTRICITY.code])
    assert page.post(url).url == page.post(url).url
    assert Draft.objects.count() == 1
    drafts.save_step(Draft.objects.get(), ELECTRICITY.steps[0], {"meters": "1"}, by=cast.citizen)
    page.post(url)
    assert Draft.objects.count() == 2


def test_the_task_list_says_how_far_each_part_is_and_leads_to_the_next(cast, signed_in):
    draft = drafts.start_draft(ELECTRICITY, by=cast.citizen)
    drafts.save_step(draft, ELECTRICITY.steps[0], ANSWERS["electricity-connection"], by=cast.citizen)
    drafts.save_step(draft, ELECTRICITY.steps[1], {"street": "شارع"}, by=cast.citizen)
    context = signed_in(cast.citizen).get(reverse("transactions:draft", args=[draft.key])).context
    assert [task["part"].state for task in context["tasks"]] == ["done", "begun", "todo", "todo"]
    assert context["next"]["url"] == reverse("transactions:step", args=[draft.key, "place"])
    assert not context["ready"]


def test_the_parts_of_a_plot_are_added_up_while_they_are_written(cast, signed_in):
    draft = drafts.start_draft(service_types.get("land-subdivision"), by=cast.citizen)
    plot, parts = draft.service_type.steps[1:]
    drafts.save_step(draft, plot, ANSWERS["land-subdivision"], by=cast.citizen)
    drafts.save_step(draft, parts, {"parts": [{"area_m2": "٤٥٠٫٥"}, {"area_m2": "many"}, {}]}, by=cast.citizen)
    shown = signed_in(cast.citizen).get(reverse("transactions:step", args=[draft.key, "parts"])).context["parts"][0]
    assert (shown.sum, shown.total) == ("450.5", "900")


@pytest.mark.parametrize("typed", ["1440-03-15", "1446-02-30", "1846-03-15", "2077-12-31", "2026-13-01", "1440/03/15"])
def test_a_date_that_no_gregorian_table_holds_is_shown_as_it_was_typed(typed, cast, signed_in):
    draft = drafts.start_draft(service_types.get("land-subdivision"), by=cast.citizen)
    for step in draft.service_type.steps:
        drafts.save_step(draft, step, ANSWERS["land-subdivision"] | {"deed_date": typed}, by=cast.citizen)
    page = signed_in(cast.citizen).get(reverse("transactions:check", args=[draft.key]))
    assert [row.value for row in page.context["sections"].sections[0].rows if row.name == "deed_date"] == [
        f"<bdi>{typed}</bdi>"
    ]


def test_a_case_that_took_an_impossible_date_in_earlier_still_opens(cast, submitted, signed_in):
    case = submitted("land-subdivision")
    Transaction.objects.filter(pk=case.pk).update(answers=case.answers | {"deed_date": "1846-03-15"})
    for person, name in ((cast.citizen, "transactions:request"), (cast.registry, "staff:case")):
        page = signed_in(person).get(reverse(name, args=[case.reference]))
        assert "1846-03-15" in page.content.decode()


def test_what_is_missing_leads_to_the_page_where_it_is_mended(cast, signed_in):
    draft = drafts.start_draft(ELECTRICITY, by=cast.citizen)
    drafts.save_step(draft, ELECTRICITY.steps[0], ANSWERS["electricity-connection"], by=cast.citizen)
    page = signed_in(cast.citizen).get(reverse("transactions:check", args=[draft.key]))
    pages = [row["url"].rsplit("/", 2)[1] for row in page.context["gaps"]]
    assert pages == ["place", "conditions", "documents"]
    html = page.content.decode()
    assert f"{reverse('transactions:step', args=[draft.key, 'place'])}?return=check#id_district" in html
    assert "#id_documents-id_copy" in html


def test_coming_back_after_submitting_leads_to_the_one_receipt(cast, signed_in):
    draft = begun(cast.citizen)
    page = signed_in(cast.citizen)
    for document in ELECTRICITY.documents_for(draft.answers):
        if document.least:
            content = None if "application/pdf" in document.accepts else picture("JPEG")
            files = [upload(f"paper {n}", content) for n in range(document.least)]
            page.post(reverse("transactions:documents", args=[draft.key]), {document.code: files})
    check = reverse("transactions:check", args=[draft.key])
    receipt = page.post(check).url
    for url in (
        check,
        reverse("transactions:draft", args=[draft.key]),
        reverse("transactions:step", args=[draft.key, "place"]),
    ):
        assert page.get(url).url == receipt
    assert page.post(reverse("transactions:step", args=[draft.key, "place"]), {"street": "x"}).url == receipt
    assert Transaction.objects.count() == 1


def test_an_owner_reads_the_file_of_the_office_and_cannot_change_it_from_the_page(cast, signed_in):
    draft = drafts.start_draft(service_types.get("building-permit"), by=cast.engineer, authorisation=authorised(cast))
    owner = signed_in(cast.citizen).get(reverse("transactions:draft", args=[draft.key]))
    assert owner.context["turn"] == "with office"
    assert not signed_in(cast.citizen).get(reverse("transactions:check", args=[draft.key])).context["may_change"]
    assert signed_in(cast.engineer).get(reverse("transactions:draft", args=[draft.key])).context["turn"] == "write"


def test_a_radio_question_keeps_its_hint_when_something_is_wrong_with_it():
    choice = Field("kind", "Kind", Kind.CHOICE, hint="As on the deed.", choices=(("a", "A"), ("b", "B")))
    (part,) = step_page(Step("s", "S", (choice,)), {}, {}, [Problem("kind", "Choose one.")], {})
    html = render_to_string("components/field.html", {"field": part.form["kind"]})
    named = re.search(r'<fieldset[^>]*aria-describedby="([^"]+)"', html)[1].split()
    assert named == ["id_kind_error", "id_kind_helptext"]
    assert all(html.count(f'id="{name}"') == 1 for name in named)


# -- sessions that end -----------------------------------------------------------------------------------------


def sign_in_again(client, answer, user):
    return client.post(answer.url, {"login": user.national_id, "password": PASSWORD})


def test_answers_being_written_outlive_the_session(cast, submitted, client):
    case = returned(submitted, cast)
    url = reverse("transactions:answer", args=[case.reference])
    item = case.deficiencies.first()
    answer = client.post(url, {f"answer-{item.pk}": "أرفقت المخطط مختومًا", f"file-{item.pk}": upload()})
    assert sign_in_again(client, answer, cast.citizen).url == url
    html = client.get(url).content.decode()
    assert "أرفقت المخطط مختومًا" in html
    assert "نأمل اختيارها من جديد" in html
    item.refresh_from_db()
    assert (item.answer, item.answered_at) == ("أرفقت المخطط مختومًا", None)


def test_files_sent_after_the_session_ended_are_asked_for_again(cast, client):
    draft = begun(cast.citizen)
    url = reverse("transactions:documents", args=[draft.key])
    answer = client.post(url, {"id_copy": upload()})
    assert sign_in_again(client, answer, cast.citizen).url == url
    assert "نأمل اختيارها من جديد" in client.get(url).content.decode()
    assert draft.attachments.count() == 0


def test_a_form_older_than_the_last_sign_in_is_offered_again_whole(cast):
    draft = drafts.start_draft(ELECTRICITY, by=cast.citizen)
    page = Client(enforce_csrf_checks=True)
    page.force_login(cast.citizen, backend="django.contrib.auth.backends.ModelBackend")
    url = reverse("transactions:step", args=[draft.key, "place"])
    typed = {"street": "خلف “المسجد”", "csrfmiddlewaretoken": "x" * 64}
    answer = page.post(url, typed, headers={"Origin": "http://testserver"})
    assert answer.status_code == 403
    assert 'value="خلف “المسجد”"' in answer.content.decode()
    assert Draft.objects.get().answers == {}
    elsewhere = page.post(url, typed, headers={"Origin": "https://evil.example"})
    assert (elsewhere.status_code, "خلف" in elsewhere.content.decode()) == (403, False)
    password = {"login": "1", "password": "secret word", "csrfmiddlewaretoken": "x" * 64}
    login = page.post(reverse("account_login"), password, headers={"Origin": "http://testserver"})
    assert "secret word" not in login.content.decode()


# -- answering what was asked ----------------------------------------------------------------------------------


def test_days_are_told_as_they_are(cast, submitted):
    case = drive(submitted(), cast, "under_study")
    later = progress_of(case, NOW + timedelta(days=400))
    assert (later.waiting_for, later.days, later.allowed) == (WaitingFor.OURS, 400, 14)
    assert later.days_late == later.used - later.allowed
    assert later.days_late > 200
    today = progress_of(case, NOW + timedelta(hours=2))
    assert (today.left, today.late, today.used) == (today.allowed, False, 0)
    assert [step.state for step in today.steps] == ["done", "now", "later", "later", "later"]
    assert progress_of(case, case.due_at).left == 0


def test_today_is_the_day_of_riyadh_and_no_other(cast, submitted):
    case = drive(submitted(), cast, "under_study")
    # Due on a Sunday at closing time: from Thursday's closing no office opens before that day.
    Transaction.objects.filter(pk=case.pk).update(
        due_at=datetime(2026, 12, 6, 14, 30, tzinfo=RIYADH), stage_due_at=datetime(2026, 12, 6, 14, 30, tzinfo=RIYADH)
    )
    case.refresh_from_db()
    said = {
        (3, 10): (1, None, "ضمن المدة", "بقي يوم عمل واحد"),
        (3, 15): (1, None, "ضمن المدة", "بقي يوم عمل واحد"),
        (5, 12): (1, None, "ضمن المدة", "بقي يوم عمل واحد"),
        (6, 1): (0, None, "موعده اليوم", ""),
        (6, 15): (None, 0, "متأخر", "منذ اليوم"),
        (7, 1): (None, 1, "متأخر", "منذ يوم عمل واحد"),
        (8, 9): (None, 2, "متأخر", "منذ يومي عمل"),
    }
    for (day, hour), expected in said.items():
        now = datetime(2026, 12, day, hour, tzinfo=RIYADH)
        progress, stands = progress_of(case, now), deadline_status(case, now)
        assert (progress.left, progress.days_late, stands.word, stands.detail) == expected, now


def test_a_request_late_since_today_says_so_to_its_applicant(cast, submitted, signed_in, stopped_clock):
    case = drive(submitted(), cast, "under_study")
    Transaction.objects.filter(pk=case.pk).update(due_at=stopped_clock - timedelta(microseconds=1))
    page = signed_in(cast.citizen)
    for url in (reverse("transactions:requests"), reverse("transactions:request", args=[case.reference])):
        html = page.get(url).content.decode()
        assert ("متأخر منذ اليوم" in html, ">مضى الموعد<" in html) == (True, False), url


def test_while_it_waits_for_the_applicant_no_working_day_is_used(cast, submitted):
    case = returned(submitted, cast)
    soon, late = (progress_of(case, NOW + timedelta(days=days)) for days in (1, 60))
    assert (soon.waiting_for, soon.left, late.left, soon.used, late.used) == (WaitingFor.YOURS, None, None, 0, 0)


def test_a_request_of_400_days_names_them_and_folds_its_past(cast, submitted, signed_in, stopped_clock):
    began = stopped_clock - timedelta(days=400)
    case = drive(submitted(now=began), cast, "under_study", began + timedelta(days=1))
    for round in range(4):
        now = began + timedelta(days=10 + round)
        case = moves.return_for_completion(
            case, deficiencies=[RequestedCompletion("load-reason")], by=cast.reviewer, now=now
        )
        item = case.deficiencies.get(answered_at=None)
        case = moves.answer(case, answers={item.pk: f"جواب {round}"}, by=cast.citizen, now=now + timedelta(hours=1))
    page = signed_in(cast.citizen).get(reverse("transactions:request", args=[case.reference]))
    html = page.content.decode()
    assert "منذ 400 يوم" in html
    assert (len(page.context["entries"]), len(page.context["earlier"])) == (6, case.events.count() - 6)
    assert [row["number"] for row in page.context["rounds"]] == [4, 3, 2, 1]
    assert all(f"جواب {round}" in html for round in range(4))
    live = signed_in(cast.citizen).get(reverse("transactions:timeline", args=[case.reference])).content.decode()
    parts = {"notices", "where", "numbers", "fee", "rights", "actions", "history"}
    for shown in (html, live):
        assert set(re.findall(r'data-live="(\w+)"', shown)) == parts


def test_what_waits_for_me_stands_before_everything_else(cast, submitted, signed_in):
    submitted()
    case = returned(submitted, cast)
    context = signed_in(cast.citizen).get(reverse("transactions:requests")).context
    assert [row["case"] for row in context["waiting"]] == [case]
    assert case not in [row["case"] for row in context["rows"]]
    assert (context["counts"]["waiting"], context["counts"]["open"]) == (1, 1)


def test_hostile_names_stay_in_their_place(cast, submitted, signed_in):
    cast.citizen.full_name = "<b>علي\u202e</b> " + "طويل " * 25
    cast.citizen.save()
    case = submitted()
    html = signed_in(cast.clerk).get(reverse("transactions:request", args=[case.reference])).content.decode()
    assert "<b>علي" not in html
    assert "<bdi>&lt;b&gt;علي" in html


# -- the engineering office ------------------------------------------------------------------------------------


def test_the_office_sees_what_came_back_first_and_what_changed(cast, submitted, signed_in):
    case = drive(submitted("building-permit"), cast, "under_admin_audit", timezone.now() - timedelta(hours=9))
    asked = [RequestedCompletion("deed-unreadable"), RequestedCompletion("survey-old")]
    now = timezone.now() - timedelta(minutes=1)
    moves.return_for_completion(case, deficiencies=asked, by=cast.reviewer, now=now)
    context = signed_in(cast.engineer).get(reverse("transactions:office")).context
    assert [(row["case"], row["case"].points) for row in context["returned"]] == [(case, 2)]
    lines = [line for day in context["changes"] for line in day["shown"]]
    assert [(line.reference, line.title) for line in lines] == [(case.reference, "أُعيد إليكم للاستكمال")]
    assert (context["counts"]["returned"], context["counts"]["open"]) == (1, 1)
    other = signed_in(cast.other_engineer).get(reverse("transactions:office")).context
    assert (other["returned"], other["changes"], other["counts"]["listed"]) == ([], [], 0)


def test_the_office_is_told_of_the_points_of_the_latest_return_only(cast, submitted, signed_in):
    case = drive(submitted("building-permit"), cast, "under_admin_audit")
    for codes in (("deed-unreadable", "survey-old"), ("survey-old",)):
        asked = [RequestedCompletion(code) for code in codes]
        case = moves.return_for_completion(case, deficiencies=asked, by=cast.reviewer, now=NOW + timedelta(hours=9))
        (row,) = signed_in(cast.engineer).get(reverse("transactions:office")).context["returned"]
        assert row["case"].points == len(codes)
        case = moves.withdraw(case, by=cast.citizen, now=NOW + timedelta(hours=9))
        case = moves.reopen(case, reason="عاد", by=cast.supervisor, now=NOW + timedelta(hours=9))


def test_cases_are_found_by_owner_plot_and_number(cast, submitted, signed_in):
    case = submitted("building-permit")
    page, url = signed_in(cast.engineer), reverse("transactions:office")
    for query in (case.reference, case.reference.lower(), "citizen", "٤١٥", "27"):
        assert [row["case"] for row in page.get(url, {"q": query, "show": "all"}).context["rows"]] == [case], query
    for query in ("nobody", "C1A-1448-999999-9", "4"):
        assert page.get(url, {"q": query, "show": "all"}).context["rows"] == []


def test_owners_who_wait_for_an_answer_stand_first_and_ended_ones_apart(cast, signed_in):
    accepted = authorised(cast)
    given = people.authorise_office(
        people.confirm_identity(cast.other_citizen, {}, by=cast.clerk),
        cast.office,
        plan_number="9",
        parcel_number="9",
        now=NOW,
    )
    page, url = signed_in(cast.engineer), reverse("accounts:office_authorisations")
    assert list(page.get(url).context["page"]) == [given, accepted]
    people.answer_authorisation(given, accept=False, by=cast.engineer, now=NOW)
    assert list(page.get(url).context["page"]) == [accepted]
    assert list(page.get(url, {"show": "ended"}).context["page"]) == [Authorisation.objects.get(pk=given.pk)]


def test_pages_ask_the_database_as_often_for_three_as_for_one(cast, submitted, signed_in):
    office, owner = signed_in(cast.engineer), signed_in(cast.citizen)
    urls = [(office, reverse("transactions:office")), (owner, reverse("transactions:requests"))]
    returned(submitted, cast)
    case = drive(submitted("building-permit"), cast, "under_admin_audit")
    moves.return_for_completion(
        case, deficiencies=[RequestedCompletion("survey-old")], by=cast.reviewer, now=NOW + timedelta(hours=9)
    )
    submitted("building-permit")
    drafts.start_draft(service_types.get("building-permit"), by=cast.engineer, authorisation=case.authorisation)
    begun(cast.citizen)
    urls += [
        (owner, reverse("transactions:request", args=[case.reference])),
        (owner, reverse("transactions:answer", args=[case.reference])),
    ]
    for page, url in urls:
        page.get(url)
    one = [queries(page, url) for page, url in urls]
    for _more in range(2):
        returned(submitted, cast)
        submitted("building-permit")
        begun(cast.citizen)
        drafts.start_draft(service_types.get("building-permit"), by=cast.engineer, authorisation=case.authorisation)
    assert [queries(page, url) for page, url in urls] == one
    assert max(one) <= 13
