"""Every name the glossary gives for a term is one the code has."""

from __future__ import annotations

import json
import pkgutil
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import get_resolver

from accounts.id_kinds import KINDS
from municipality.services import DATA
from transactions.domain import service_types
from transactions.domain.questions import Group
from transactions.domain.workflow import BY_NAME
from transactions.text.wording import SENTENCES

ROOT = Path(settings.BASE_DIR)
TERMS = json.loads((DATA / "glossary.json").read_text(encoding="utf-8"))["terms"]
NAMES = sorted({name for term in TERMS for name in term["code"]})


def _questions() -> set[str]:
    fields = [field for service in service_types.all_services() for field in service.fields()]
    inside = [field for group in fields if isinstance(group, Group) for field in group.fields]
    return {field.name for field in (*fields, *inside)}


def _pages() -> set[str]:
    spaces = {f"{space}:": resolver for space, (_prefix, resolver) in get_resolver().namespace_dict.items()}
    return {
        f"{space}{name}"
        for space, resolver in {"": get_resolver(), **spaces}.items()
        for name in resolver.reverse_dict
        if isinstance(name, str)
    }


KNOWN = {
    "service": lambda: {service.code for service in service_types.all_services()},
    "question": _questions,
    "document": lambda: {document.code for service in service_types.all_services() for document in service.documents},
    "paper": lambda: {service.output.kind for service in service_types.all_services()},
    "move": lambda: set(BY_NAME),
    "notice": lambda: set(SENTENCES),
    "page": _pages,
    "id": lambda: {kind.code for kind in KINDS},
}


def exists(name: str) -> bool:
    what, _space, code = name.partition(" ")
    if code:
        return what in KNOWN and code in KNOWN[what]()
    if "/" in name:
        return (ROOT / name).is_file()
    room, _dot, rest = name.partition(".")
    if not rest or not (ROOT / room).is_dir():
        return False
    try:
        pkgutil.resolve_name(name)
    except (ImportError, AttributeError):
        return False
    return True


@pytest.mark.parametrize("name", NAMES)
def test_every_name_in_the_glossary_is_in_the_code(name):
    assert exists(name), f"no {name}: correct municipality/data/glossary.json and run manage.py write_glossary"


@pytest.mark.parametrize(
    "name",
    [
        "under_study",
        "json.dumps",
        "transactions.domain.workflow.Status.UNDER_OBJECTION",
        "transactions.models.Transaction.number",
        "transactions.nowhere.Transaction",
        "static/js/nothing.js",
        "service plot-merging",
        "question setback_front",
        "document occupancy",
        "paper occupancy",
        "move sort",
        "notice sort",
        "page transactions:book",
        "page inquiry",
        "id driver",
        "role reviewer",
    ],
)
def test_a_name_the_code_has_not_is_found_out(name):
    assert not exists(name)
