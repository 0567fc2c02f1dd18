"""A refused or withdrawn request is begun again with its answers and files."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from transactions.attachments.applying_again import apply_again, may_apply_again
from transactions.domain import service_types
from transactions.domain.errors import DomainError
from transactions.domain.service_types import Kind
from transactions.models import Attachment, Draft
from transactions.transitions import moves

from ..conftest import NOW, drive

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=40)


@pytest.fixture
def refused(cast, submitted):
    case = drive(submitted("land-subdivision"), cast, "awaiting_supervisor")
    return moves.reject(case, reason="س", by=cast.supervisor, now=LATER)


def test_answers_and_files_come_along_and_declarations_do_not(wherever_files_lie, cast, refused):
    begun = apply_again(refused, by=cast.citizen, now=LATER)
    declared = [spec.name for spec in refused.service_type.fields() if getattr(spec, "kind", "") == Kind.ACKNOWLEDGE]
    assert begun.left_out == []
    assert begun.draft.answers == {name: v for name, v in refused.answers.items() if name not in declared}
    before = list(refused.attachments.order_by("pk"))
    copies = list(begun.draft.attachments.order_by("pk"))
    assert [(file.document, file.sha256, file.pages) for file in copies] == [
        (file.document, file.sha256, file.pages) for file in before
    ]
    assert not {file.stored_as for file in copies} & {file.stored_as for file in before}


def test_each_copy_outlives_the_other(cast, refused):
    begun = apply_again(refused, by=cast.citizen, now=LATER)
    copy = begun.draft.attachments.first()
    from django.core.files.storage import default_storage

    first = Attachment.objects.get(transaction=refused, document=copy.document, sha256=copy.sha256)
    before = default_storage.open(copy.stored_as).read()
    default_storage.delete(first.stored_as)
    assert default_storage.open(copy.stored_as).read() == before


def test_what_no_longer_holds_is_left_out_and_told(cast, refused):
    first = refused.attachments.first()
    Attachment.objects.filter(pk=first.pk).update(scanned="infected")
    other = refused.attachments.exclude(pk=first.pk).first()
    Attachment.objects.filter(pk=other.pk).update(document="of-old")
    refused.answers = {**refused.answers, "land_use": "a use there was", "of_old": "1"}
    begun = apply_again(refused, by=cast.citizen, now=LATER)
    assert "land_use" not in begun.draft.answers
    assert "of_old" not in begun.draft.answers
    label = str(refused.service_type.label_of("land_use"))
    assert any(label in sentence for sentence in begun.left_out)
    assert any(first.original_name in sentence and "برنامج ضار" in sentence for sentence in begun.left_out)
    assert any("لم يعد هذا المستند مطلوبًا" in sentence for sentence in begun.left_out)


def test_two_presses_begin_one_draft_and_nobody_else_begins_any(cast, refused, signed_in):
    page = reverse("transactions:apply_again", args=[refused.reference])
    for _press in range(2):
        answer = signed_in(cast.citizen).post(page)
        assert answer.status_code == 302
        assert answer.url == reverse("transactions:draft", args=[Draft.objects.get(repeats=refused).key])
    assert signed_in(cast.other_citizen).post(page).status_code == 404
    assert not may_apply_again(cast.supervisor, refused)


def test_an_office_begins_again_for_the_owner_while_it_is_authorised(cast, submitted):
    case = drive(submitted("building-permit"), cast, "awaiting_supervisor")
    case = moves.reject(case, reason="س", by=cast.supervisor, now=LATER)
    assert not may_apply_again(cast.citizen, case)
    begun = apply_again(case, by=cast.engineer, now=LATER)
    assert begun.draft.authorisation == case.authorisation
    assert begun.draft.applicant == cast.citizen
    with pytest.raises(DomainError):
        apply_again(drive(submitted(), cast, "under_study"), by=cast.citizen, now=LATER)


def test_a_service_that_is_no_longer_offered_is_not_begun_again(cast, refused, monkeypatch):
    service = service_types.get("land-subdivision")
    monkeypatch.setitem(service.__dict__, "retired", True)
    assert not may_apply_again(cast.citizen, refused)
