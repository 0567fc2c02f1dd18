"""A list is carried out as it was looked at, and what it held is kept no longer than it is needed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings
from django.urls import reverse

from accounts import four_eyes, newcomers
from accounts.importing import services
from accounts.models import Import, Proposal, User
from municipality.models import District

from ..cast import national_id
from ..conftest import NOW
from .test_imports import DISTRICTS, brought, done, file_of, row_of
from .test_imports import second as second

pytestmark = pytest.mark.django_db


def test_what_was_changed_since_the_look_is_looked_at_again(cast, signed_in):
    old = District.objects.create(code="OLD-1", name_ar="حي قديم", name_en="Old quarter", search="x")
    row = brought(cast, DISTRICTS + "OLD-1,حي قديم,Older quarter,\n")
    page, at = signed_in(cast.administrator), reverse("staff:import_do", args=[row.pk])
    seen = page.get(reverse("staff:import", args=[row.pk])).context["outcome"].seen
    old.name_en = "Corrected meanwhile"
    old.save()
    refused = page.post(at, {"version_seen": seen})
    assert refused.status_code == 409
    assert "Corrected meanwhile" in refused.content.decode()
    assert not District.objects.filter(code="NEW-1").exists(), "all of it or nothing"
    again = refused.context["outcome"].seen
    assert f'name="version_seen" value="{again}"' in refused.content.decode()
    assert page.post(at, {"version_seen": again}, headers={"accept-language": "en"}).status_code == 302
    old.refresh_from_db()
    assert old.name_en == "Older quarter"


def test_a_list_is_kept_no_longer_than_it_is_needed(cast, second):
    carried, waits = done(cast, file_of(row_of(81)), "people"), brought(cast, file_of(row_of(82)), "people")
    assert (carried.text, carried.result["new"]) == ("", 1)
    Import.objects.filter(pk=carried.pk).update(text="of before")
    four_eyes.refuse(carried.proposal, reason="no", by=second, now=NOW)
    later = NOW + timedelta(days=settings.KEEP_DRAFTS_DAYS, hours=-1)
    assert services.delete_old(later, 100) == 0
    assert services.delete_old(later + timedelta(hours=2), 100) == 1
    assert list(Import.objects.values_list("pk", "text")) == [(carried.pk, "")]
    assert not Import.objects.filter(pk=waits.pk).exists()
    later = NOW + timedelta(days=settings.KEEP_NOTICES_DAYS)
    assert newcomers.forget_old(later, 100) == 0
    assert newcomers.forget_old(later + timedelta(hours=1), 100) == 1
    assert newcomers.forget_old(later + timedelta(hours=1), 100) == 0
    assert national_id(81) not in str(Proposal.objects.get().facts)


def test_whoever_is_erased_stands_on_no_list(cast, second):
    proposal = done(cast, file_of(row_of(81), row_of(82)), "people").proposal
    four_eyes.confirm(proposal, by=second, now=NOW)
    person = User.objects.get(national_id=national_id(81))
    newcomers.forget(person)
    kept = str(Proposal.objects.get(pk=proposal.pk).facts)
    assert national_id(81) not in kept
    assert person.phone not in kept
    assert national_id(82) in kept
    assert len(four_eyes.in_words(Proposal.objects.get(pk=proposal.pk))) == 2
