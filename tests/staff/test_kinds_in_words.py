"""What the code keeps under short names is read in words on the workbench: jobs, journal entries, the access log."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.admin.utils import flatten_fieldsets, label_for_field
from django.db import models
from django.test import RequestFactory
from django.utils import translation

from accounts.models import Act, Proposal, Role, Scope
from municipality.models import Office
from transactions.admin import staff_site
from transactions.admin.exports import FORMATS
from transactions.admin.ledger import ENTRIES, WORK
from transactions.admin.log_words import WORDS, subject_in_words, why_in_words
from transactions.domain.service_types import all_services
from transactions.models import Transaction
from transactions.outbox import queue

from ..architecture.test_words import LATIN, LATIN_KEPT

ROOMS = ("accounts", "journal", "transactions", "permits", "api", "billing", "outside", "continuity", "core")


def latin(text: object) -> set[str]:
    """English words a reader of Arabic would meet outside of codes and names."""
    plain = re.sub(r"<(code|bdi)\b.*?</\1>|<[^>]+>", " ", str(text))
    return set(LATIN.findall(plain)) - LATIN_KEPT


def calls():
    for room in ROOMS:
        for path in (Path(settings.BASE_DIR) / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call):
                    yield path, node


def test_every_kind_of_job_has_its_words():
    assert set(queue._handlers) == set(WORK)


def test_every_kind_of_journal_entry_has_its_words():
    kinds = {
        node.args[0].value
        for _path, node in calls()
        if ast.unparse(node.func) == "chain.append" and isinstance(node.args[0], ast.Constant)
    }
    assert kinds | {"answered", "corrected", "power", "incident", "gate", "certificate_ended"} == set(ENTRIES)


def test_every_reason_of_the_access_log_has_its_words():
    written = {
        word.value.value
        for _path, node in calls()
        if ast.unparse(node.func).endswith(("record", "record_later"))
        for word in node.keywords
        if word.arg == "why" and isinstance(word.value, ast.Constant)
    }
    assert written
    assert written <= set(WORDS)


@pytest.mark.django_db
@pytest.mark.parametrize("role", Role.values)
def test_the_access_log_says_in_words_in_what_capacity_somebody_looked(role):
    document = all_services()[-1].documents[0]
    with translation.override("ar"):
        for office in Office.objects.all()[:3]:
            said = why_in_words(f"{role} at {office.code}")
            assert str(Role(role).label) in said
            assert office.name_ar in said
            of_a_file = why_in_words(f"{role} at {office.code} · {document.code} 1f3a-cc")
            assert str(document.label) in of_a_file
            visit = why_in_words(f"{role} at {office.code}, visit 17")
            assert office.name_ar in visit
            assert "17" in visit
            assert latin(said) | latin(of_a_file) | latin(visit) == set()
        assert latin(why_in_words(f"· {document.code} 1f3a")) == set()
        assert str(Role(role).label) == subject_in_words(role)


@pytest.mark.django_db
def test_the_access_log_leaves_no_short_name_to_its_reader():
    with translation.override("ar"):
        whys = ["staff", "engineering office 5001", ",".join(Scope.values), "read", "accounts.user", "queue"]
        away = [f"national sign-on away: {how}" for how in ("by password", "known from before")]
        exports = [f"{form}, 40 rows" for form in FORMATS]
        for why in (*whys, *away, *exports, "national sign-on", "national sign-on: signature"):
            assert latin(why_in_words(why)) == set(), why
        for kind in Proposal.Kind:
            assert latin(subject_in_words(f"{kind}:7")) == set()
        assert latin(subject_in_words("draft 2f9c")) == set()
        assert "<script>" not in why_in_words("<script>") + subject_in_words("<script>")


def administered():
    return sorted(staff_site._registry.items(), key=lambda pair: pair[0]._meta.label)


@pytest.mark.django_db
@pytest.mark.parametrize(("model", "admin"), administered(), ids=lambda one: getattr(one, "__name__", ""))
def test_every_column_and_box_has_its_arabic_name(model, admin, cast):
    request = RequestFactory().get("/")
    request.user = cast.administrator
    row = model._default_manager.first() or model()
    adding = flatten_fieldsets(admin.get_fieldsets(request, None)) if admin.has_add_permission(request) else []
    boxes = {**admin.get_form(request, None).base_fields, **admin.get_form(request, row, change=True).base_fields}
    # A row of the list of cases leads to the case.
    shown = [] if model is Transaction else flatten_fieldsets(admin.get_fieldsets(request, row))
    with translation.override("ar"):
        for name in {*admin.get_list_display(request), *adding, *shown}:
            label = boxes[name].label if name in boxes else label_for_field(name, model, admin)
            assert latin(label) == set(), (name, label)


@pytest.mark.parametrize(("model", "admin"), administered(), ids=lambda one: getattr(one, "__name__", ""))
def test_no_page_shows_a_yes_or_no_as_a_picture_named_true_or_false(model, admin):
    shown = {*admin.list_display, *admin.readonly_fields}
    booleans = {field.name for field in model._meta.fields if isinstance(field, models.BooleanField)}
    assert shown & booleans == set()


def test_every_act_of_the_log_has_its_arabic_words():
    with translation.override("ar"):
        assert [act for act in Act if latin(act.label)] == []


@pytest.mark.django_db
@pytest.mark.parametrize(("model", "admin"), administered(), ids=lambda one: getattr(one, "__name__", ""))
def test_no_page_shows_a_box_twice(model, admin, cast):
    request = RequestFactory().get("/")
    request.user = cast.administrator
    shown = flatten_fieldsets(admin.get_fieldsets(request, model._default_manager.first() or model()))
    assert len(shown) == len(set(shown))
