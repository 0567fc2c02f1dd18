"""A visitor with a returned request at any counter: the clerk answers for them, and for nobody else."""

from __future__ import annotations

from datetime import date

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from accounts import services as people
from accounts.models import AccessRecord, Act, User
from journal import receipts
from municipality.models import Office
from transactions.attachments import services as attachments
from transactions.domain.errors import NotVisible
from transactions.domain.workflow import Actor
from transactions.models import CounterVisit, Notification
from transactions.transitions import moves
from transactions.visits import services as counter_visits

from ..conftest import NOW, upload
from ..portal.test_answering import form_of
from .visiting import VISIT, came, page_of, refused, typed, words

pytestmark = pytest.mark.django_db


# -- from the door to the confirmation ---------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["building-permit", "land-subdivision", "electricity-connection"])
def test_a_visitor_answers_at_the_counter_of_a_centre_that_has_nothing_to_do_with_the_file(
    code, cast, returned, elsewhere, signed_in, client
):
    case = returned(code)
    stage = case.stage
    page = signed_in(elsewhere)
    found = page.get(reverse("staff:case", args=[case.reference])).content.decode()
    assert f'href="{VISIT}?reference={case.reference}"' in found
    assert case.reference in page.get(f"{VISIT}?reference={case.reference}").content.decode()

    answer = page.post(VISIT, typed(case, elsewhere))
    assert answer.url == page_of(case)
    shown = page.get(answer.url)
    assert shown.status_code == 200
    sent = page.post(answer.url, form_of(shown) | words(case, "صححنا الوثيقة"))
    visit = CounterVisit.objects.get()
    assert sent.url == reverse("staff:visit_sent", args=[visit.key]) + "#print"

    case.refresh_from_db()
    assert (case.status, case.stage) != ("returned", "")
    assert case.stage == stage
    event = case.events.get(move="answer")
    assert (event.actor, event.actor_role, event.office) == (
        elsewhere,
        Actor.AT_COUNTER,
        Office.objects.get(code="SC10"),
    )
    assert event.facts["visit"] == visit.pk
    assert (visit.event, visit.ended_at, visit.visitor, visit.whom) == (event, event.at, case.applicant, "owner")
    assert set(case.deficiencies.values_list("answer", flat=True)) == {"صححنا الوثيقة"}

    paper = page.get(sent.url).content.decode()
    assert case.reference in paper
    assert event.office.name in paper
    proof = receipts.check_token(visit.token)
    assert (proof.signature_good, proof.in_journal, proof.subject) == (True, True, case.reference)
    assert proof.body["kind"] == "answered"
    checked = client.get(reverse("journal:verify_token", args=[visit.token]))
    assert "الرد على إعادة للاستكمال" in checked.content.decode()
    listed = page.get(reverse("staff:counter")).content.decode()
    assert f'href="{sent.url}"' in listed, "to be printed again"


def test_answers_and_files_of_the_return_become_a_new_version_and_lie_in_the_case(cast, returned, elsewhere, signed_in):
    case = returned("land-subdivision", "part-area")
    page = signed_in(elsewhere)
    page.post(VISIT, typed(case, elsewhere))
    shown = page.get(page_of(case))
    data = form_of(shown) | words(case, "")
    data |= {"parts-0-area_m2": "460", "parts-1-area_m2": "440"}
    answer = page.post(page_of(case), data)
    assert answer.status_code == 302, answer.context["problems"]
    case.refresh_from_db()
    assert case.answers_version == 2
    assert [str(part["area_m2"]) for part in case.answers["parts"]] == ["460", "440"]
    assert case.versions.get(number=2).by == elsewhere


def test_a_file_uploaded_at_the_counter_is_the_cases_and_opens_to_the_clerk_only_meanwhile(
    cast, returned, elsewhere, signed_in
):
    case = returned()
    item = case.deficiencies.get()
    page = signed_in(elsewhere)
    upload_to = reverse("staff:visit_file", args=[case.reference, item.pk])
    assert page.post(upload_to, {"file": upload()}).status_code == 404
    came(case, elsewhere)
    assert page.post(upload_to, {"file": upload("جديد.pdf")}).status_code == 200
    file = item.attachments.get()
    assert (file.transaction, file.uploaded_by) == (case, elsewhere)
    opened = reverse("transactions:file", args=[file.key])
    assert page.get(opened).status_code == 200
    assert page.post(page_of(case), words(case)).status_code == 302
    assert page.get(opened).status_code == 404
    assert signed_in(cast.citizen).get(opened).status_code == 200
    assert refused(lambda: attachments.remove(file, by=elsewhere)) == "file_is_kept"
    listed = page.get(reverse("staff:visit_sent", args=[CounterVisit.objects.get().key])).content.decode()
    assert file.sha256 in listed


def test_a_file_is_taken_out_again_and_nothing_typed_beside_it_is_lost(cast, returned, elsewhere, signed_in):
    case = returned()
    came(case, elsewhere)
    item = case.deficiencies.get()
    page = signed_in(elsewhere)
    page.post(page_of(case), {f"file-{item.pk}": upload("خطأ.pdf"), "attach": "1"})
    wrong = item.attachments.get()
    assert page.post(page_of(case), {f"answer-{item.pk}": "جواب", "remove": str(wrong.key)}).url == page_of(case)
    html = page.get(page_of(case)).content.decode()
    assert ("جواب" in html, "خطأ.pdf" in html) == (True, False)


def test_it_is_left_and_gone_on_with_and_the_owner_goes_on_at_home(cast, returned, elsewhere, signed_in):
    case = returned()
    came(case, elsewhere)
    page = signed_in(elsewhere)
    assert page.post(page_of(case), words(case, "نصف جواب") | {"later": "1"}).url == reverse("staff:counter")
    assert f'href="{page_of(case)}"' in page.get(reverse("staff:counter")).content.decode()
    assert "نصف جواب" in page.get(page_of(case)).content.decode()
    own = signed_in(cast.citizen).get(reverse("transactions:answer", args=[case.reference]))
    assert "نصف جواب" in own.content.decode()


def test_the_receipts_qr_is_scanned(cast, returned, elsewhere, signed_in):
    case = returned()
    for scanned in (
        case.intake.token,
        f"https://portal.example.sa/verify/{case.intake.token}/",
        case.reference.lower().replace("-", " "),
        case.reference.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")),
    ):
        answer = signed_in(elsewhere).post(VISIT, typed(case, elsewhere, reference=scanned))
        assert answer.status_code == 302, scanned
    assert CounterVisit.objects.open(timezone.now()).count() == 1, "one visit at a time"


# -- who, and of whom --------------------------------------------------------------------------------------------


def test_a_member_of_the_authorised_office_comes_for_its_owner(cast, returned, elsewhere):
    case = returned("building-permit")
    visit = came(case, elsewhere, cast.engineer)
    assert (visit.visitor, visit.whom) == (cast.engineer, "office")
    moves.answer(case, answers={i.pk: "x" for i in case.deficiencies.open()}, by=elsewhere, visit=visit)
    said = Notification.objects.filter(recipient=cast.citizen).latest("pk").event
    with translation.override("en"):
        from transactions.text.wording import sentence

        assert "a member of the engineering office" in sentence(said)
    for stranger in (cast.other_engineer, cast.reviewer, elsewhere):
        with pytest.raises(NotVisible):
            came(returned("building-permit"), elsewhere, stranger)


def test_an_office_whose_authorisation_has_ended_comes_for_nobody(cast, returned, elsewhere):
    case = returned("building-permit")
    people.revoke_authorisation(case.authorisation, by=cast.citizen, now=NOW)
    with pytest.raises(NotVisible):
        came(case, elsewhere, cast.engineer)
    assert came(case, elsewhere)


@pytest.mark.parametrize("wrong", ["reference", "national_id", "both"])
def test_a_wrong_pair_says_what_the_inquiry_says_whatever_is_wrong_with_it(wrong, cast, returned, elsewhere, signed_in):
    User.objects.filter(pk=cast.citizen.pk).update(full_name="سليمان بن نايف")
    case = returned()
    bad = {"reference": "C1A-1448-999999-Z", "national_id": cast.reviewer.national_id}
    sent = typed(case, elsewhere) | {name: value for name, value in bad.items() if wrong in (name, "both")}
    answer = signed_in(elsewhere).post(VISIT, sent)
    assert answer.status_code == 404
    html = answer.content.decode()
    assert "لا توجد معاملة" in html
    for secret in ("سليمان بن نايف", case.applicant.phone, case.deficiencies.get().sentence):
        assert secret not in html
    row = AccessRecord.objects.get(act=Act.INQUIRY_REFUSED)
    assert (row.by, row.office) == (elsewhere, Office.objects.get(code="SC10"))
    assert not CounterVisit.objects.exists()


def test_wrong_ids_are_limited_for_one_clerk_and_for_no_other(cast, returned, elsewhere, signed_in):
    case = returned()
    page = signed_in(elsewhere)
    wrong = typed(case, elsewhere, cast.reviewer)
    assert [page.post(VISIT, wrong).status_code for _try in range(4)] == [404, 404, 404, 429]
    assert page.post(VISIT, typed(case, elsewhere)).status_code == 429, "the right one is no answer either"
    assert AccessRecord.objects.filter(act=Act.LOCKED_OUT, by=elsewhere).count() == 2
    assert signed_in(cast.clerk).post(VISIT, typed(case, cast.clerk)).status_code == 302


def test_a_right_pair_clears_what_was_mistyped_before(cast, returned, elsewhere, signed_in):
    case = returned()
    page = signed_in(elsewhere)
    for _visit in range(3):
        for _slip in range(2):
            assert page.post(VISIT, typed(case, elsewhere, cast.reviewer)).status_code == 404
        assert page.post(VISIT, typed(case, elsewhere)).status_code == 302


def test_only_a_clerk_at_a_counter_begins_a_visit(cast, returned, signed_in):
    case = returned()
    start = {"reference": case.reference, "national_id": case.applicant.national_id}
    for person in (cast.registry, cast.reviewer, cast.supervisor, cast.administrator, cast.informal):
        page = signed_in(person)
        assert page.get(VISIT).status_code == 404
        assert (
            page.post(VISIT, {"reference": case.reference, "national_id": case.applicant.national_id}).status_code
            == 404
        )
        centre = Office.objects.get(code="SC01")
        start = {"reference": case.reference, "national_id": case.applicant.national_id, "centre": centre}
        assert (
            refused(lambda start=start, person=person: counter_visits.begin_visit(**start, by=person))
            == "not_at_this_counter"
        )
    other = Office.objects.get(code="SC10")
    assert (
        refused(
            lambda: counter_visits.begin_visit(
                reference=case.reference, national_id=case.applicant.national_id, centre=other, by=cast.clerk
            )
        )
        == "not_at_this_counter"
    )
    assert signed_in(cast.clerk).post(VISIT, typed(case, cast.clerk, seen="")).status_code == 422
    assert not CounterVisit.objects.exists()


def test_nobody_answers_their_own_request_as_a_clerk(cast, returned):
    case = returned(by=cast.clerk)
    assert refused(lambda: came(case, cast.clerk)) == "own_request"


def test_whoever_has_the_case_in_another_hand_does_not_answer_it_and_who_answered_does_not_decide(
    cast, returned, elsewhere
):
    shr = Office.objects.get(code="SHR")
    people.create_staff_post(elsewhere, shr, "reviewer", on=date(2020, 1, 1))
    people.create_staff_post(cast.reviewer, Office.objects.get(code="SC01"), "centre_clerk", on=date(2020, 1, 1))
    for person in (elsewhere, cast.reviewer):
        person.__dict__.pop("_posts", None)
    case = returned("land-subdivision")
    start = {"reference": case.reference, "national_id": case.applicant.national_id}
    centre = Office.objects.get(code="SC01")
    assert refused(lambda: counter_visits.begin_visit(**start, centre=centre, by=cast.reviewer)) == "move_not_allowed"
    assert not CounterVisit.objects.exists()
    visit = counter_visits.begin_visit(**start, centre=Office.objects.get(code="SC10"), by=elsewhere)
    case = moves.answer(case, answers={i.pk: "x" for i in case.deficiencies.open()}, by=elsewhere, visit=visit)
    assert case.current_stage.role == "reviewer"
    assert refused(lambda: moves.recommend(case, by=elsewhere)) == "move_not_allowed"
    assert moves.recommend(case, by=cast.second_reviewer)
