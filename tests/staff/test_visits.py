"""What a visit at a counter opens, how long, and what goes wrong meanwhile; who is told of its answer."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import AccessRecord, Act
from municipality.models import Office
from transactions.attachments import services as attachments
from transactions.intake import answers_in_progress
from transactions.intake.closures import save_closure
from transactions.maintenance import personal_data
from transactions.models import CounterVisit, Notification
from transactions.models.visits import VISIT_DURATION
from transactions.transitions import moves
from transactions.transitions.moves import RequestedCompletion

from ..conftest import NOW, upload, work_off
from ..portal.test_answering import form_of
from .visiting import VISIT, came, page_of, refused, typed, words

pytestmark = pytest.mark.django_db


# -- what a visit opens, and what not ----------------------------------------------------------------------------


def test_without_a_visit_of_this_very_case_nothing_opens(cast, returned, elsewhere, signed_in):
    case, other = returned(), returned("land-subdivision")
    page, item = signed_in(elsewhere), case.deficiencies.get()
    visit = came(other, elsewhere)
    for client in (page, signed_in(cast.clerk), signed_in(cast.reviewer), signed_in(cast.supervisor)):
        assert client.get(page_of(case)).status_code == 404
        assert client.post(page_of(case), words(case)).status_code == 404
        file = reverse("staff:visit_file", args=[case.reference, item.pk])
        assert client.post(file, {"file": upload()}).status_code == 404
    answers = {item.pk: "x"}
    assert refused(lambda: moves.answer(case, answers=answers, by=elsewhere, visit=visit)) == "move_not_allowed"
    assert (
        refused(lambda: answers_in_progress.save_answers_in_progress(case, answers, by=elsewhere, visit=visit))
        == "not_waiting_for_you"
    )
    assert (
        refused(lambda: attachments.attach_to_deficiency(item, upload(), by=elsewhere, visit=visit))
        == "not_waiting_for_you"
    )
    # Another clerk's visit is not mine.
    theirs = came(case, cast.clerk)
    assert refused(lambda: moves.answer(case, answers=answers, by=elsewhere, visit=theirs)) == "move_not_allowed"
    assert page.get(page_of(case)).status_code == 404
    for sent in (reverse("staff:visit_sent", args=[visit.key]), reverse("staff:visit_sent", args=[theirs.key])):
        assert page.get(sent).status_code == 404


def test_the_page_shows_what_is_asked_and_no_other_answer_and_no_other_file(cast, returned, elsewhere, signed_in):
    case = returned("electricity-connection", "load-reason", street="شارع لا يعرفه أحد")
    came(case, elsewhere)
    page = signed_in(elsewhere)
    html = page.get(page_of(case)).content.decode()
    assert case.applicant.national_id not in html
    assert case.applicant.phone not in html
    assert "شارع لا يعرفه أحد" not in html
    keys = {str(file.key): file.document for file in case.attachments.in_force()}
    shown = {document for key, document in keys.items() if key in html}
    readable = {document for key, document in keys.items() if page.get(f"/files/{key}/").status_code == 200}
    assert shown == readable
    assert readable < set(keys.values())
    elsewhere_page = page.get(reverse("staff:case", args=[case.reference])).content.decode()
    assert "شارع لا يعرفه أحد" not in elsewhere_page
    assert page.get(reverse("transactions:request", args=[case.reference])).status_code == 404


def test_files_that_the_answer_may_take_the_place_of_are_looked_at_and_on_record(cast, returned, elsewhere, signed_in):
    case = returned("electricity-connection", "croquis-stamp")
    file = next(file for file in case.attachments.in_force() if file.document == "croquis")
    page, url = signed_in(elsewhere), f"/files/{file.key}/"
    assert page.get(url).status_code == 404
    visit = came(case, elsewhere)
    assert page.get(url).status_code == 200
    row = AccessRecord.objects.get(act=Act.READ_FILE, by=elsewhere)
    assert (row.subject, row.office, row.person) == (case.reference, visit.centre, case.applicant)
    assert f"visit {visit.pk}" in row.why
    page.get(page_of(case))
    assert AccessRecord.objects.filter(act=Act.READ_CASE, by=elsewhere, office=visit.centre).exists()


def test_the_api_is_not_opened_by_a_visit(cast, returned, elsewhere, signed_in):
    mine = returned()
    came(mine, cast.clerk)  # at the centre that the case belongs to: its clerk sees it anyway
    came(mine, elsewhere)
    item = mine.deficiencies.get()
    for person, seen in ((cast.clerk, 200), (elsewhere, 404)):
        page, base = signed_in(person), f"/api/v1/transactions/{mine.reference}/"
        assert page.get(base).status_code == seen
        body = {"answers": {str(item.pk): "x"}}
        answer = page.post(f"{base}answers/", body, content_type="application/json")
        assert answer.status_code in (404, 409)
        if seen == 200:
            assert "answer" not in page.get(base).json()["moves"]
    file = mine.attachments.in_force()[0]
    assert signed_in(elsewhere).get(f"/api/v1/attachments/{file.key}/").status_code == 404
    mine.refresh_from_db()
    assert mine.status == "returned"


def test_a_clerk_who_left_the_counter_goes_on_with_nothing(cast, returned, elsewhere, signed_in):
    case = returned()
    visit = came(case, elsewhere)
    elsewhere.posts.update(ends_on=date(2021, 1, 1))
    page = signed_in(elsewhere)
    assert page.get(page_of(case)).status_code != 200
    elsewhere.__dict__.pop("_posts")
    assert refused(lambda: moves.answer(case, answers={}, by=elsewhere, visit=visit)) == "move_not_allowed"


# -- what goes wrong meanwhile -----------------------------------------------------------------------------------


def ago(visit, time):
    CounterVisit.objects.filter(pk=visit.pk).update(at=timezone.now() - time)


@pytest.mark.parametrize(("age", "open_"), [(VISIT_DURATION - timedelta(minutes=1), True), (VISIT_DURATION, False)])
def test_a_visit_lasts_half_an_hour(age, open_, cast, returned, elsewhere, signed_in):
    case = returned()
    ago(came(case, elsewhere), age)
    answer = signed_in(elsewhere).get(page_of(case))
    assert (answer.status_code == 200) is open_
    item = case.deficiencies.get()
    file = signed_in(elsewhere).post(reverse("staff:visit_file", args=[case.reference, item.pk]), {"file": upload()})
    assert (file.status_code == 200) is open_


def test_what_was_typed_after_the_visit_ended_comes_back_with_the_next(cast, returned, elsewhere, signed_in):
    case = returned("land-subdivision", "part-area")
    ago(came(case, elsewhere), timedelta(minutes=29))
    page = signed_in(elsewhere)
    form = form_of(page.get(page_of(case))) | words(case, "جواب طويل كُتب على مهل") | {"parts-0-area_m2": "461.5"}
    ago(CounterVisit.objects.get(), timedelta(minutes=31))
    again = page.post(page_of(case), form)
    assert again.url == f"{VISIT}?reference={case.reference}"
    html = page.get(again.url).content.decode()
    assert "انتهى وقت هذه المراجعة. تحقق من الهوية مرة أخرى للمتابعة. ما كتبته محفوظ لك." in html
    # As a number of its own: a random token may hold these digits.
    assert not re.search(r"\b450\b", html.partition("<main")[2]), "what stands in the file is shown no more"
    case.refresh_from_db()
    assert (case.status, case.deficiencies.get().answer) == ("returned", "")
    assert page.post(VISIT, typed(case, elsewhere)).url == page_of(case)
    html = page.get(page_of(case)).content.decode()
    assert "جواب طويل كُتب على مهل" in html
    assert 'value="461.5"' in html


def test_what_was_typed_is_held_over_a_session_that_ended(cast, returned, elsewhere, signed_in):
    case = returned()
    came(case, elsewhere)
    page = signed_in(elsewhere)
    page.logout()
    answer = page.post(page_of(case), words(case, "كُتب قبل الانقطاع"))
    assert answer.status_code == 302
    page.force_login(elsewhere, backend="django.contrib.auth.backends.ModelBackend")
    assert "كُتب قبل الانقطاع" in page.get(page_of(case)).content.decode()


def test_a_second_press_leads_to_the_same_confirmation(cast, returned, elsewhere, signed_in):
    case = returned()
    came(case, elsewhere)
    page = signed_in(elsewhere)
    first = page.post(page_of(case), words(case))
    second = page.post(page_of(case), words(case, "غير ذلك"))
    assert first.url.partition("#")[0] == second.url
    assert case.events.filter(move="answer").count() == 1
    assert page.get(page_of(case)).url == second.url


def test_the_owner_answers_at_home_while_the_clerk_writes(cast, returned, elsewhere, signed_in):
    case = returned()
    came(case, elsewhere)
    page, own = signed_in(elsewhere), reverse("transactions:answer", args=[case.reference])
    older = form_of(page.get(page_of(case))) | {"version_seen": page.get(page_of(case)).context["version"]}
    signed_in(cast.citizen).post(own, words(case, "من البيت") | {"later": "1"})
    clash = page.post(page_of(case), older | words(case, "من المركز"))
    assert clash.status_code == 422
    assert "من البيت" in clash.content.decode()
    assert case.deficiencies.get().answer == "من البيت"
    signed_in(cast.citizen).post(own, words(case, "من البيت"))
    assert page.post(page_of(case), words(case, "من المركز")).url == reverse("staff:counter")
    assert case.events.filter(move="answer").count() == 1
    assert refused(lambda: came(case, elsewhere)) == "not_waiting_for_you"


def test_a_case_that_is_returned_again_needs_the_visitor_again(cast, returned, elsewhere, signed_in):
    case = returned()
    visit = came(case, elsewhere)
    case = moves.answer(case, answers={i.pk: "x" for i in case.deficiencies.open()}, by=elsewhere, visit=visit)
    case = moves.return_for_completion(case, deficiencies=[RequestedCompletion("load-reason")], by=cast.reviewer)
    page = signed_in(elsewhere)
    assert page.get(page_of(case)).url.startswith(VISIT)
    assert refused(lambda: moves.answer(case, answers={}, by=elsewhere, visit=visit)) == "move_not_allowed"
    sent = page.get(reverse("staff:visit_sent", args=[visit.key]))
    assert sent.status_code == 200, "the first answer's confirmation is printed as ever"
    assert len(sent.context["points"]) == 1


def test_a_service_that_is_closed_for_new_requests_and_a_suspended_office_stop_no_answer(
    cast, returned, elsewhere, signed_in
):
    from transactions.models import Closure

    case = returned("land-subdivision")
    save_closure(Closure(service="land-subdivision", since=NOW, reason_ar="صيانة", reason_en="Maintenance"))
    Office.objects.filter(code="SC10").update(suspended=True, suspended_reason="ترميم")
    page = signed_in(elsewhere)
    assert page.post(VISIT, typed(case, elsewhere)).url == page_of(case)
    assert page.post(page_of(case), words(case)).url.startswith("/staff/counter/visits/")


def test_the_database_keeps_one_open_visit_and_ends_it_with_its_answer(cast, returned, elsewhere):
    case = returned()
    visit = came(case, elsewhere)
    again = {"transaction": case, "clerk": elsewhere, "centre": visit.centre, "visitor": visit.visitor, "whom": "owner"}
    with pytest.raises(IntegrityError), transaction.atomic():
        CounterVisit.objects.create(**again, at=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        CounterVisit.objects.filter(pk=visit.pk).update(event=case.events.first())


# -- who is told -------------------------------------------------------------------------------------------------


def test_the_owner_is_told_where_it_was_and_what_to_do_and_an_answer_from_home_tells_nobody(
    cast, returned, elsewhere, signed_in, settings
):
    case = returned()
    visit = came(case, elsewhere)
    work_off(timezone.now())
    before = {path.name for path in settings.SMS_DIR.iterdir()}
    moves.answer(case, answers={i.pk: "x" for i in case.deficiencies.open()}, by=elsewhere, visit=visit)
    assert [notice.recipient for notice in Notification.objects.filter(event__move="answer")] == [cast.citizen]
    work_off(timezone.now())
    sms = "".join(path.read_text() for path in settings.SMS_DIR.iterdir() if path.name not in before)
    assert visit.centre.name_ar in sms
    assert case.reference in sms
    assert "أرسلها موظف في" in sms
    assert "إن لم تطلب ذلك فأبلغ أي مركز خدمات." in sms
    own = signed_in(cast.citizen).get(reverse("transactions:request", args=[case.reference])).content.decode()
    assert visit.centre.name_ar in own
    history = signed_in(cast.reviewer).get(reverse("staff:case", args=[case.reference])).content.decode()
    assert elsewhere.full_name in history
    home = returned("land-subdivision")
    moves.answer(home, answers={i.pk: "x" for i in home.deficiencies.open()}, by=cast.citizen)
    assert not Notification.objects.filter(event__transaction=home, event__move="answer").exists()


def test_visits_are_among_what_is_kept_about_a_person(cast, returned, elsewhere):
    case = returned("building-permit")
    came(case, elsewhere, cast.engineer)
    (told,) = personal_data.export_personal_data(cast.engineer)["visits"]
    assert (told["transaction__reference"], told["centre__code"], told["whom"]) == (case.reference, "SC10", "office")
    assert personal_data.export_personal_data(cast.citizen)["visits"] == []


def test_pages_of_a_visit_ask_at_most_twelve_times(cast, returned, elsewhere, signed_in, django_assert_max_num_queries):
    case = returned("land-subdivision", "part-area", "deed-unreadable")
    visit = came(case, elsewhere)
    page = signed_in(elsewhere)
    for url in (VISIT, page_of(case), reverse("staff:counter")):
        page.get(url)
        with django_assert_max_num_queries(12):
            assert page.get(url).status_code == 200
    moves.answer(case, answers={i.pk: "x" for i in case.deficiencies.open()}, by=elsewhere, visit=visit)
    url = reverse("staff:visit_sent", args=[visit.key])
    with django_assert_max_num_queries(12):
        assert page.get(url).status_code == 200
