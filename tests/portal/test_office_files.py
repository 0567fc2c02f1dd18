"""A file that an engineering office prepares: its owner reads it, approves it or gives it back, and changes nothing."""

from __future__ import annotations

from datetime import date

import pytest
from django.urls import reverse

from accounts import services as people
from accounts.models import OfficeMembership
from transactions.attachments import services as attachments
from transactions.domain import service_types
from transactions.domain.text_length import MAX_CHARACTERS
from transactions.intake import drafts
from transactions.models import Attachment, Draft

from ..conftest import answers_today, authorised, files_for, upload

pytestmark = pytest.mark.django_db
PERMIT = service_types.get("building-permit")


@pytest.fixture
def draft(cast):
    """A whole file, not yet sent to the owner."""
    draft = drafts.start_draft(PERMIT, by=cast.engineer, authorisation=authorised(cast))
    answers = answers_today(PERMIT.code)
    for step in PERMIT.steps:
        drafts.save_step(draft, step, answers, by=cast.engineer)
    for keys in files_for(PERMIT, answers, cast.engineer).values():
        Attachment.objects.filter(key__in=keys).update(draft=draft)
    return draft


@pytest.fixture
def sent(cast, draft):
    return drafts.send_to_owner(draft, by=cast.engineer)


@pytest.fixture
def owner(cast, signed_in):
    return signed_in(cast.citizen)


def address(name, draft, *more):
    return reverse(f"transactions:{name}", args=[draft.key, *more])


def state(draft):
    draft.refresh_from_db()
    return draft.stage, draft.answers, sorted(draft.attachments.filter(removed_at=None).values_list("key", flat=True))


@pytest.mark.parametrize("stage", ["draft", "sent"])
def test_the_owner_changes_nothing_of_it(stage, request, owner):
    draft = request.getfixturevalue(stage)
    before, file, step = state(draft), draft.attachments.first(), PERMIT.steps[0].code
    presses = [
        (address("step", draft, step), {"plan_number": "1"}),
        (address("documents", draft), {file.document: upload("other.pdf")}),
        (address("documents", draft), {"remove": str(file.key)}),
        (address("add_document", draft, file.document), {"file": upload("other.pdf")}),
    ]
    for url, typed in presses:
        answer = owner.post(url, typed, follow=True)
        assert "مكتبك الهندسي هو من يُعدّ هذا الملف" in answer.content.decode(), url
        assert state(draft) == before, url
    for url in (address("step", draft, step), address("documents", draft)):
        assert owner.get(url).url == address("draft", draft)


def test_a_piece_of_a_file_is_refused_before_it_is_kept(draft, owner):
    file = draft.attachments.first()
    url = address("add_document", draft, file.document)
    answer = owner.post(url, {"file": upload()}, headers={"Content-Range": "bytes 0-99/9000000"})
    assert answer.status_code == 422


def test_what_the_office_has_to_mend_leads_the_owner_to_no_page_of_questions(draft, sent, owner):
    Attachment.objects.filter(draft=draft, document="survey_report").update(removed_at=draft.updated_at)
    draft.answers = draft.answers | {"floors": "كثير"}
    draft.save(update_fields=["answers"])
    html = owner.get(address("check", draft)).content.decode()
    assert "لا يمكنك التقديم حتى يصحّح المكتب ما يأتي" in html
    assert "return=check" not in html
    assert ('name="changes"' in html, "الموافقة والتقديم" in html) == (True, False)
    assert owner.post(address("check", draft), {"changes": "1", "note": "الأدوار"}).status_code == 302
    assert state(draft)[0] == Draft.Stage.OPEN


@pytest.mark.parametrize("note", ["", " \n\t ", "ط" * (MAX_CHARACTERS + 1)])
def test_a_note_to_the_office_says_something_and_no_more_than_fits(note, sent, owner):
    answer = owner.post(address("check", sent), {"changes": "1", "note": note})
    html = answer.content.decode()
    assert answer.status_code == 422
    assert state(sent)[0] == Draft.Stage.AWAITING_OWNER
    assert 'href="#id_note"' in html
    assert 'aria-invalid="true" aria-describedby="error-note"' in html
    assert note.strip() in html


def test_the_office_loses_its_work_to_no_press_of_the_owner(draft, cast, owner):
    url = address("discard", draft)
    assert owner.get(url).url == address("draft", draft)
    assert "ألغِ تفويضه أولًا" in owner.post(url, follow=True).content.decode()
    drafts.send_to_owner(draft, by=cast.engineer)
    assert owner.post(url).url == address("draft", draft)
    assert Draft.objects.filter(pk=draft.pk).exists()


@pytest.mark.parametrize("stage", ["draft", "sent"])
def test_the_owner_throws_it_away_when_the_office_is_out(stage, request, cast, owner):
    draft = request.getfixturevalue(stage)
    people.revoke_authorisation(draft.authorisation, by=cast.citizen)
    for name in ("draft", "check"):
        html = owner.get(address(name, draft)).content.decode()
        assert address("discard", draft) in html
        assert "ما زال مكتبك الهندسي" not in html
        assert '<form method="post">' not in html.split("<main", 1)[1].split("</main>", 1)[0]
    assert "انتهى التفويض" in owner.get(reverse("transactions:drafts")).content.decode()
    mine = owner.get(reverse("transactions:requests")).context
    assert (list(mine["to_approve"]), [row["draft"] for row in mine["drafts"]]) == ([], [draft])
    assert owner.post(address("discard", draft)).url == reverse("transactions:requests")
    assert not Draft.objects.exists()
    assert not Attachment.objects.filter(removed_at=None).exists()


def test_an_engineer_who_throws_a_file_away_is_back_at_the_office(draft, cast, signed_in):
    answer = signed_in(cast.engineer).post(address("discard", draft))
    assert answer.url == reverse("transactions:office")
    assert not Draft.objects.exists()


def test_the_office_itself_writes_until_it_has_sent_it(sent, cast, signed_in):
    page, file = signed_in(cast.engineer), sent.attachments.first()
    before = state(sent)
    page.post(address("step", sent, PERMIT.steps[0].code), {"plan_number": "1"})
    page.post(address("documents", sent), {"remove": str(file.key)})
    page.post(address("discard", sent))
    assert state(sent) == before
    attached = {file.document: upload("more.pdf")}
    assert "الملف لدى المالك للموافقة" in page.post(address("documents", sent), attached, follow=True).content.decode()
    assert state(sent) == before
    drafts.ask_for_changes(sent, note="الأدوار", by=cast.citizen)
    sent.refresh_from_db()
    attachments.remove(file, by=cast.engineer)
    assert state(sent) != before


def test_an_engineer_prepares_and_approves_the_file_of_a_plot_of_their_own(draft, cast, owner):
    OfficeMembership.objects.create(
        office=draft.authorisation.office, user=cast.citizen, role="engineer", starts_on=date(2020, 1, 1)
    )
    step = PERMIT.steps[0].code
    assert owner.get(address("step", draft, step)).status_code == 200
    assert owner.post(address("check", draft)).url == reverse("transactions:office")
    draft.refresh_from_db()
    assert draft.stage == Draft.Stage.AWAITING_OWNER
    assert owner.get(address("step", draft, step)).url == address("draft", draft)
    assert "/receipt/" in owner.post(address("check", draft)).url
