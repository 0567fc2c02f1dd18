"""Every form is opened and sent as it was opened: an edit form is saved and changes nothing, and no page breaks."""

from __future__ import annotations

from typing import Any
from urllib.parse import urljoin

import pytest
from django.contrib.admin.utils import quote
from django.db import transaction
from django.forms import model_to_dict
from django.urls import reverse

from permits.models import Tariff
from transactions.admin import staff_site
from transactions.models import Closure

from ..conftest import NOW
from ..page_forms import forms_of
from ..portal.world import ACTORS, World, build, client_of, routes

pytestmark = [pytest.mark.django_db, pytest.mark.embedded, pytest.mark.thorough]


@pytest.fixture
def world(cast: Any, submitted: Any) -> World:
    Closure.objects.create(
        service="land-subdivision", in_force=False, since=NOW, reason_ar="صيانة", reason_en="Maintenance"
    )
    return build(cast, submitted)


def editable(client: Any) -> list[tuple[Any, Any]]:
    """Every model whose rows an administrator may edit, with the ModelAdmin that does it."""
    request = client.get(reverse("staff:reference")).wsgi_request
    return [(model, own) for model, own in staff_site._registry.items() if own.has_change_permission(request)]


def test_every_form_of_the_admin_is_saved_unchanged(world):
    client = client_of(world.cast.administrator)
    models = editable(client)
    assert {"engineeringoffice", "office", "holiday", "tariff", "user", "staffpost"} <= {
        model._meta.model_name for model, _own in models
    }
    for model, _own in models:
        rows = model._default_manager.order_by("pk")
        for row in [*rows[:3], *rows.reverse()[:2]]:
            url = reverse(f"staff:{model._meta.app_label}_{model._meta.model_name}_change", args=[quote(row.pk)])
            page = client.get(url)
            assert page.status_code == 200, url
            form = next(form for form in forms_of(page.content.decode()) if "_save" in form.buttons)
            before = model_to_dict(row)
            saved = client.post(url, form.data | {"_save": "1"})
            errors = saved.context["errors"] if saved.context and "errors" in saved.context else saved
            assert saved.status_code == 302, f"{url}: {errors}"
            assert model_to_dict(model._default_manager.get(pk=row.pk)) == before, url


def test_every_form_of_every_page_is_answered_when_sent_as_it_stands(world):
    """Some do what they say, some say what is missing; none breaks. Each is taken back before the next."""
    seen = set()
    for actor in ACTORS:
        client = client_of(world.who(actor))
        for route in routes():
            if route.startswith(("/api/", "/static")):
                continue
            url = world.url(route)
            page = client.get(url)
            if page.status_code != 200 or "text/html" not in page.get("Content-Type", ""):
                continue
            for form in forms_of(page.content.decode()):
                target = urljoin(url, form.action).split("#")[0]
                if (actor, target, form.method) in seen:
                    continue
                seen.add((actor, target, form.method))
                with transaction.atomic():
                    data = {name: values for name, values in form.data.items() if name != "csrfmiddlewaretoken"}
                    answer = getattr(client, form.method)(target, data | form.buttons)
                    transaction.set_rollback(True)
                assert answer.status_code < 500, f"{actor}: {form.method} {target} from {url}"
    assert len(seen) > 150


def test_every_tariff_and_closure_is_there_to_be_opened(world):
    """What the tests above go through holds a row of each."""
    assert Tariff.objects.exists()
    assert Closure.objects.exists()
