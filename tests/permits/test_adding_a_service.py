"""docs/adding-a-service.md, followed: its blocks are written to a folder, and what they make is a service."""

from __future__ import annotations

import importlib.util
import re
import sys
from copy import deepcopy
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from permits.services import load_tariffs
from transactions.domain import service_types
from transactions.models import Transaction

from .. import answers
from ..conftest import drive, picture, upload, work_off
from ..portal.world import client_of

PAGE = Path(settings.BASE_DIR) / "docs" / "adding-a-service.md"
BLOCK = re.compile(r"^```(?:python|html) (\S+)\n(.*?)^```$", re.S | re.M)
WRITTEN = dict(BLOCK.findall(PAGE.read_text(encoding="utf-8")))


def loaded(folder, path):
    """The module a block makes, under the name it would have in the house."""
    name = path.removesuffix(".py").replace("/", ".")
    spec = importlib.util.spec_from_file_location(name, folder / path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    finally:
        del sys.modules[name]
    return module


@pytest.fixture
def followed(tmp_path, settings, monkeypatch):
    """The page done as it says; returns the folder and the service."""
    for path, text in WRITTEN.items():
        target = tmp_path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    templates = deepcopy(settings.TEMPLATES)
    templates[0]["DIRS"] = [tmp_path / "templates", *templates[0]["DIRS"]]
    settings.TEMPLATES = templates
    service = loaded(tmp_path, next(path for path in WRITTEN if path.startswith("permits/"))).SERVICE
    service_types.register(service)
    monkeypatch.setitem(answers.ANSWERS, service.code, answers.answers_on(service.code, answers.DAY))
    yield tmp_path, service
    service_types.unregister(service.code)


@pytest.fixture
def in_town(cast, followed):
    load_tariffs()
    return followed


def test_the_page_has_a_file_a_paper_and_a_test():
    assert [path.split("/")[0] for path in WRITTEN] == ["permits", "templates", "tests"]


def test_each_thing_the_page_names_is_there():
    text = BLOCK.sub("", PAGE.read_text(encoding="utf-8"))
    made = set(WRITTEN)
    named = {name for name in re.findall(r"`([a-z_]+/[\w./-]+)`", text) if name not in made}
    assert named
    for name in named:
        assert (PAGE.parents[1] / name).exists() or (PAGE.parents[1] / "templates" / name).exists(), name
    for name in re.findall(r"`([A-Z]\w+)`", text):
        assert hasattr(service_types, name) or name in ("FromToday", "MoveName", "Actor"), name


@pytest.mark.django_db
def test_what_the_page_makes_takes_a_request_to_its_paper(cast, in_town):
    _folder, service = in_town
    call_command("check", fail_level="WARNING")
    page = client_of(cast.citizen)
    assert str(service.title) in page.get("/", headers={"accept-language": "en"}).content.decode()
    draft = page.post(reverse("transactions:start", args=[service.code])).url
    today = answers.answers_on(service.code, timezone.localdate())
    for step in service.steps:
        typed = {spec.name: today[spec.name] for spec in step.fields if spec.name in today}
        assert page.post(f"{draft}{step.code}/", typed).status_code == 302
    for document in service.documents_for(today):
        photo = "application/pdf" not in document.accepts
        page.post(f"{draft}documents/", {document.code: upload("a.jpg", picture("JPEG")) if photo else upload()})
    assert page.post(f"{draft}check/").status_code == 302
    work_off(timezone.now())
    case = drive(Transaction.objects.get(service=service.code), cast, "issued", timezone.now())
    paper = page.get(reverse("transactions:document", args=[case.reference, service.output.kind]))
    assert paper.status_code == 200
    assert paper.templates[0].name == service.output.template


@pytest.mark.django_db
def test_the_test_on_the_page_passes(in_town, request):
    folder, _service = in_town
    module = loaded(folder, next(path for path in WRITTEN if path.startswith("tests/")))
    tests = {name: test for name, test in vars(module).items() if name.startswith("test_")}
    assert len(tests) >= 2
    for test in tests.values():
        names = test.__code__.co_varnames[: test.__code__.co_argcount]
        test(**{name: request.getfixturevalue(name) for name in names})
