"""The counter: the whole request on one page, kept whatever happens, submitted once."""

from __future__ import annotations

import json
import re
from html import unescape

import pytest
from django.urls import reverse

from accounts.models import User
from municipality.models import Office
from permits.catalogue import electricity_connection, land_subdivision
from transactions.admin.intake_page import papers, topics
from transactions.intake import drafts
from transactions.intake.closures import save_closure
from transactions.models import Attachment, Closure, Draft, Intake, Transaction

from ..conftest import ANSWERS, NOW, PASSWORD, national_id, pdf, picture, upload
from ..page_forms import flat

pytestmark = pytest.mark.django_db
ELECTRICITY = {**ANSWERS["electricity-connection"], "district": "SHR-01"}


@pytest.fixture
def draft(cast):
    centre = Office.objects.get(code="SC01")
    return drafts.start_draft(electricity_connection.SERVICE, by=cast.clerk, applicant=cast.citizen, centre=centre)


@pytest.fixture
def page(cast, signed_in):
    return signed_in(cast.clerk)


def files():
    return {
        "ownership_doc": upload(),
        "id_copy": upload(),
        "croquis": upload(),
        "facade_photo": [upload("a.jpg", picture("JPEG")), upload("b.png", picture())],
    }


def typed(**changed):
    flat = {name: "on" if value is True else value for name, value in ELECTRICITY.items()}
    return {name: value for name, value in (flat | changed).items() if value is not None}


def intake(draft):
    return reverse("staff:intake", args=[draft.key])


def test_one_page_takes_everything_and_the_next_submits_once(draft, page):
    answer = page.post(intake(draft), typed() | files())
    check = reverse("staff:intake_check", args=[draft.key])
    assert answer.url == check, answer.context["problems"]
    assert "شارع حائل" in page.get(check).content.decode()
    first, second = page.post(check), page.post(check)
    case = Transaction.objects.get()
    assert first.url == second.url == reverse("transactions:receipt", args=[case.reference]) + "?desk=1#print"
    assert Intake.objects.count() == 1
    assert page.get(first.url).status_code == 200
    assert page.get(intake(draft)).url == first.url


def test_everything_wrong_is_named_at_once_and_what_was_right_is_kept(draft, page):
    answer = page.post(
        intake(draft),
        typed(load_kva="كثير", street="", lived_in=None) | {"id_copy": upload("hoax.pdf", b"MZ no paper")},
    )
    assert answer.status_code == 422
    paths = {problem.path for problem in answer.context["problems"]}
    assert {"load_kva", "street", "lived_in", "documents.id_copy", "documents.croquis"} <= paths
    html = answer.content.decode()
    assert 'value="كثير"' in html
    assert Draft.objects.get().answers["meters"] == "1"


def test_a_good_file_is_kept_though_another_is_refused(draft, page):
    page.post(intake(draft), typed() | {"croquis": upload(), "id_copy": upload("x.pdf", b"")})
    assert list(Attachment.objects.filter(draft=draft).values_list("document", flat=True)) == ["croquis"]


def test_a_question_that_counts_for_some_answers_says_so_and_is_not_asked_of_others(draft, page):
    html = page.get(intake(draft)).content.decode()
    conditions = [json.loads(unescape(found)) for found in re.findall(r'data-when="([^"]+)"', html)]
    assert {"field": "ownership", "values": ["deed"]} in conditions
    assert "مطلوبة إذا كان للمنزل صك أو رخصة" in html
    conditional = {paper.document.code: condition for paper, condition in papers(draft, [])}
    assert json.loads(conditional["croquis"].data) == {"field": "ownership", "values": ["none"]}
    assert conditional["id_copy"] is None
    answer = page.post(intake(draft), typed(ownership="deed", deed_number="320211004455", deed_date="1440/03/15"))
    paths = {problem.path for problem in answer.context["problems"]}
    assert "documents.croquis" not in paths
    assert {"plan_number", "parcel_number", "documents.deed_or_permit"} <= paths


def test_repeated_questions_grow_by_a_row_without_complaint(cast, page):
    centre = Office.objects.get(code="SC01")
    draft = drafts.start_draft(land_subdivision.SERVICE, by=cast.clerk, applicant=cast.citizen, centre=centre)
    answer = page.post(intake(draft), {"parts-0-area_m2": "450", "parts-1-area_m2": "1", "add_row": "parts"})
    assert answer.status_code == 200
    draft.refresh_from_db()
    rows = [group.rows for topic in topics(draft, [], {}) for group in topic.groups]
    assert [len(row) for row in rows] == [3]
    assert draft.answers["parts"][0] == {"area_m2": "450"}


def test_a_row_more_or_less_leaves_the_clerk_where_they_are(cast, page):
    centre = Office.objects.get(code="SC01")
    draft = drafts.start_draft(land_subdivision.SERVICE, by=cast.clerk, applicant=cast.citizen, centre=centre)
    rows = {f"parts-{number}-area_m2": "450" for number in range(3)}
    html = flat(page.post(intake(draft), rows | {"add_row": "parts"}))
    assert html.count('name="parts-3-area_m2"') == 1
    assert "autofocus" not in html
    assert 'name="add_row" value="parts" formaction="#id_parts-4-area_m2"' in html
    assert 'name="remove_row" value="parts-0" formaction="#id_parts"' in html
    assert 'id="id_parts-3-area_m2"' in html
    assert "autofocus" in page.get(intake(draft)).content.decode()
    assert re.findall(r"[^ ]+ autofocus", page.post(intake(draft), {}).content.decode()) == ['tabindex="-1" autofocus']


def test_what_was_begun_by_mistake_is_thrown_away_after_a_question(draft, page):
    page.post(intake(draft), typed() | files())
    assert 'name="discard"' in page.get(intake(draft)).content.decode()
    asked = page.post(intake(draft), typed(street="شارع فلسطين", discard="1"))
    assert asked.url == reverse("transactions:discard", args=[draft.key])
    html = page.get(asked.url).content.decode()
    assert draft.applicant.full_name in html
    # "Keep the request" leads back to the page, with what was typed.
    assert "شارع فلسطين" in page.get(reverse("transactions:draft", args=[draft.key]), follow=True).content.decode()
    assert page.post(asked.url).url == reverse("staff:counter")
    assert not Draft.objects.exists()
    assert not Attachment.objects.filter(removed_at=None).exists()


def test_what_is_wrong_with_a_file_is_tied_to_its_box(draft, page):
    html = page.post(intake(draft), typed() | {"id_copy": upload("hoax.pdf", b"MZ no paper")}).content.decode()
    box = re.search(r'<input type="file"[^>]*name="id_copy"[^>]*>', html)[0]
    assert 'aria-invalid="true" aria-describedby="error-id_copy"' in box
    assert html.count('id="error-id_copy"') == 1


def test_what_is_kept_for_later_waits_at_the_counter(draft, page):
    assert page.post(intake(draft), {"street": "شارع حائل", "later": "1"}).url == reverse("staff:counter")
    assert intake(draft) in page.get(reverse("staff:counter")).content.decode()
    assert "شارع حائل" in page.get(intake(draft)).content.decode()


def test_a_file_is_taken_out_of_the_counters_page_and_nothing_typed_on_it_is_lost(draft, page):
    page.post(intake(draft), typed() | files())
    file = Attachment.objects.get(document="croquis")
    html = flat(page.get(intake(draft)))
    assert f'name="remove" value="{file.key}" formnovalidate formaction="#' in html, "it comes back to where it was"
    answer = page.post(intake(draft), typed(street="شارع فلسطين", load_kva="كثير", remove=str(file.key)), follow=True)
    assert answer.redirect_chain == [(intake(draft), 302)]
    assert not answer.context["problems"], "they correct the page, and have not asked for it to be checked"
    html = answer.content.decode()
    assert ("شارع فلسطين" in html, 'value="كثير"' in html, str(file.key) in html) == (True, True, False)
    file.refresh_from_db()
    assert file.removed_at is not None


def test_nobody_else_finds_the_draft_at_the_counter(draft, cast, signed_in):
    for person in (cast.reviewer, cast.supervisor, cast.administrator):
        assert signed_in(person).get(intake(draft)).status_code == 404
    own = drafts.start_draft(electricity_connection.SERVICE, by=cast.clerk)
    assert signed_in(cast.clerk).get(intake(own)).status_code == 404, "written at home, not at the counter"


def test_a_file_for_a_document_that_is_not_asked_for_is_not_kept(draft, page):
    answer = page.post(intake(draft), {"no_such_document": upload("x.pdf", pdf())})
    assert answer.status_code == 422
    assert not Attachment.objects.filter(draft=draft).exists()


def test_what_is_begun_at_the_counter_and_kept_for_later_is_submitted_by_its_owner(draft, page, cast, signed_in):
    page.post(intake(draft), typed() | files() | {"later": "1"})
    owner, check = signed_in(cast.citizen), reverse("transactions:check", args=[draft.key])
    assert owner.get(check).context["gaps"] == []
    receipt = owner.post(check).url
    case = Transaction.objects.get()
    assert receipt == owner.post(check).url == reverse("transactions:receipt", args=[case.reference])
    assert (case.channel, case.taken_by, case.taken_at) == ("online", None, None)
    # The clerk, in a page left open, is told so and is shown nothing of it.
    for address in (intake(draft), reverse("staff:intake_check", args=[draft.key])):
        for answer in (page.get(address, follow=True), page.post(address, typed(), follow=True)):
            assert answer.redirect_chain[-1][0] == reverse("staff:counter")
            assert "سبق تقديم هذا الطلب" in answer.content.decode()
            assert case.reference not in answer.content.decode()


def test_what_was_typed_at_the_counter_outlives_the_session(draft, cast, client):
    """Who has come, and the whole request: it is there again after signing in, and nothing is pressed for the clerk."""

    def sign_in_again(answer):
        login = {"login": cast.clerk.national_id, "password": PASSWORD}
        page = client.get(answer.url, follow=True).redirect_chain[-1][0]
        return client.post(page, login, follow=True)

    who = {"national_id": national_id(7003), "full_name": "صالح بن حمد", "phone": "0555000113", "seen": "on"}
    back = sign_in_again(client.post(reverse("staff:counter"), who | {"service": draft.service}))
    html = back.content.decode()
    assert (who["full_name"] in html, "لم يضع منه شيء" in html) == (True, True)
    assert not User.objects.filter(national_id=who["national_id"]).exists()
    client.logout()
    back = sign_in_again(client.post(intake(draft), typed(street="شارع فلسطين") | {"id_copy": upload(), "later": "1"}))
    assert back.redirect_chain[-1][0] == intake(draft)
    html = back.content.decode()
    assert ("شارع فلسطين" in html, "نأمل اختيارها من جديد" in html) == (True, True)
    draft.refresh_from_db()
    assert draft.answers["street"] == "شارع فلسطين"


def test_a_closed_service_is_marked_and_nothing_is_written_about_who_came_for_it(cast, page):
    save_closure(Closure(service="electricity-connection", since=NOW, reason_ar="نراجع الحدود.", reason_en="Checking."))
    assert page.get(reverse("staff:counter")).content.decode().count("(مغلق حاليًا)") == 1
    who = {"national_id": national_id(7004), "full_name": "صالح بن حمد", "phone": "0555000114", "seen": "on"}
    asked = {"service": "electricity-connection", "centre": Office.objects.get(code="SC01").pk}
    answer = page.post(reverse("staff:counter"), who | asked)
    assert answer.status_code == 422
    assert "نراجع الحدود." in str(answer.context["form"].errors["service"])
    assert not User.objects.filter(national_id=who["national_id"]).exists()


def test_a_refusal_at_the_last_press_says_so_to_programs_too(draft, page):
    page.post(intake(draft), typed() | files())
    save_closure(Closure(service=draft.service, since=NOW, reason_ar="نراجع الحدود.", reason_en="Checking."))
    answer = page.post(reverse("staff:intake_check", args=[draft.key]))
    assert answer.status_code == 409
    assert "نراجع الحدود." in answer.content.decode()
