"""Errors name their box, and the words of the libraries are ours."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import allauth
import django
import rest_framework
import simple_history
from django import forms
from django.apps import apps
from django.db import models
from django.utils import translation

from core.forms.named_errors import NamedErrors
from transactions.admin.site import staff_site

ROOT = Path(__file__).resolve().parent.parent.parent
ROOMS = ("accounts", "transactions", "permits", "journal", "municipality")
LIBRARIES = [Path(library.__file__).parent for library in (django, allauth, rest_framework, simple_history)]


def own_forms() -> list[type[forms.BaseForm]]:
    """Every form class of ours."""
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            if "migrations" not in path.parts and re.search(r"class \w+\(.*Form.*\)", path.read_text(encoding="utf-8")):
                import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))

    def below(kind: type) -> list[type]:
        return [sub for one in kind.__subclasses__() for sub in (one, *below(one))]

    return [form for form in below(forms.BaseForm) if form.__module__.split(".")[0] in ROOMS]


def test_every_form_of_ours_names_its_boxes():
    found = own_forms()
    assert len(found) > 15
    bare = {form.__qualname__ for form in found if not issubclass(form, NamedErrors)} - {"NamedErrors"}
    assert bare == set()


def bare(text: str) -> str:
    """Without quotes, strokes and space: sources wrap and escape."""
    return re.sub(r"[\s\"'\\\\]", "", text)


def test_every_text_worded_for_a_library_is_one_it_still_says():
    sources = [
        path
        for folder in LIBRARIES
        for kind in ("*.py", "*.html", "en/**/django*.po", "ar/**/django*.po")
        for path in folder.rglob(kind)
    ]
    said = bare("".join(path.read_text(encoding="utf-8", errors="ignore") for path in sources))
    listed = (ROOT / "jeddah_portal" / "third_party_words.py").read_text(encoding="utf-8")
    texts = re.findall(r"gettext_noop\(\s*(?:\"((?:[^\"\\]|\\.)*)\"|'([^']*)')", listed)
    assert len(texts) > 30
    assert [one for pair in texts for one in pair if one and bare(one) not in said] == []


def test_no_form_of_ours_says_this_field_is_required():
    with translation.override("ar"):
        assert "هذا الحقل مطلوب" not in str(translation.gettext("This field is required."))


def test_every_constraint_says_in_a_sentence_of_its_own_what_is_wrong():
    found = [
        (f"{model._meta.label}.{constraint.name}", constraint)
        for model in apps.get_models(include_auto_created=True)
        if model.__module__.split(".")[0] in (*ROOMS, "api")
        for constraint in model._meta.constraints
    ]
    assert len(found) > 30
    for name, constraint in found:
        assert constraint.violation_error_message != constraint.default_violation_error_message, name
        with translation.override("en"):
            english = str(constraint.get_violation_error_message())
        with translation.override("ar"):
            arabic = str(constraint.get_violation_error_message())
        assert english.endswith("."), name
        assert arabic.endswith("."), name
        assert not re.search("[A-Za-z]", arabic), name


def typed_once() -> list[tuple[type[models.Model], models.Field]]:
    """Fields of the staff admin that somebody types and no two rows may share."""
    return [
        (model, field)
        for model in staff_site._registry
        for field in model._meta.fields
        if field.unique and field.editable and not field.primary_key and not field.is_relation
    ]


def test_a_number_given_twice_is_refused_in_words_of_ours():
    fields = typed_once()
    assert len(fields) > 3
    with translation.override("en"):
        texts = {str(field): model().unique_error_message(model, (field.name,)).messages[0] for model, field in fields}
    assert {name: text for name, text in texts.items() if "already exists" in text} == {}
