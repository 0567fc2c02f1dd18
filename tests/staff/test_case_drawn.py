"""A page of a document that is not drawn yet is asked for by the case page, and said to be on its way."""

from __future__ import annotations

import pytest
from django.urls import reverse

from transactions import previews
from transactions.models import Outbox

from .. import papers
from ..conftest import become, drive, work_off

pytestmark = pytest.mark.django_db


def test_a_page_not_drawn_yet_is_drawn_in_the_background_and_shown(cast, submitted, signed_in):
    case = drive(submitted(), cast, "under_study")
    file = case.attachments.filter(content_type="application/pdf").first()
    become(file, papers.of_pages(3), 3)
    previews.delete_previews(file.key)
    page, url = signed_in(cast.reviewer), reverse("staff:case", args=[case.reference])
    asked = {"file": file.key, "page": 2}
    assert page.get(url, asked).context["shown"].state == "missing"
    assert Outbox.objects.filter(kind="draw").count() == 1
    assert work_off()
    assert page.get(url, asked).context["shown"].state == "there"
    assert page.get(url, {"file": file.key, "page": 99}).context["shown"].page == 3
