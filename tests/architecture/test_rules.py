"""Rules people forget."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
from pathlib import Path

import pytest
import yaml
from django.conf import settings
from django.urls import reverse

from municipality.management.commands import write_glossary
from transactions.management.commands import write_workflow
from transactions.tasks import TASKS_BY_KIND

from ..faults.mutants import MUTANTS
from ..portal.world import routes

ROOT = Path(settings.BASE_DIR)
ROOMS = (
    "core",
    "municipality",
    "plots",
    "accounts",
    "journal",
    "transactions",
    "continuity",
    "billing",
    "permits",
    "api",
    "jeddah_portal",
    "simulators",
)

# Addresses that need no login; everything else sends the stranger to sign in, or answers 401, 403 or 404.
PUBLIC = {
    "/", "/services/", "/services/<slug:code>/", "/inquiry/", "/help/", "/privacy/", "/accessibility/", "/terms/",
    "/search/", "/contact/", "/feedback/",
    "/books/", "/figures/", "/figures/figures.csv", "/figures/figures.json", "/api/v1/figures/",
    "/api/v1/verifications/", "/api/v1/verifications/file/",
    "/verify/", "/verify/<str:token>/", "/verify/file/", "/verify/number/", "/verify/certificates.pem",
    "/first/", "/first/code/", "/language/", "/healthz", "/readyz", "/design/",
    "/centres/", "/services/<slug:code>/checklist/", "/drawings/", "/drawings/template.dxf",
    "/boxes/deliveries/", "/boxes/news/",
    "/design/<int:status>/", "/email/<str:token>/", "/favicon.ico", "/robots.txt", "/sitemap.xml",
    "/.well-known/security.txt",
    "/sign-on/", "/sign-on/wait/", "/sign-on/state/", "/sign-on/continue/", "/sign-on/cancel/", "/sign-on/callback/",
    "/accounts/login/", "/accounts/inactive/", "/accounts/logout/", "/accounts/signup/",
    "/accounts/password/forgotten/", "/accounts/set/", "/accounts/email/", "/accounts/2fa/authenticate/",
    "/api/v1/services/", "/api/v1/services/<slug:code>/", "/api/v1/offices/", "/api/v1/districts/",
    "/api/v1/inquiries/", "/api/v1/status/",
    "/api/v1/receipts/", "/receipts/hand-in/", "/status/", "/status/subscribe/", "/status/subscription/<str:token>/",
    "/api/v1/schema/", "/api/v1/docs/", "/staff/jsi18n/", "/staff/login/", "/staff/logout/",
}  # fmt: skip


def sources():
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path


# Of a request, and of an authorisation.
ASSIGN_A_STATUS = {"transactions/transitions/mover.py", "accounts/authorisations.py"}


def test_only_the_mover_assigns_a_status():
    found = set()
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            targets = node.targets if isinstance(node, ast.Assign) else []
            flat = [t for target in targets for t in (target.elts if isinstance(target, ast.Tuple) else [target])]
            for target in flat:
                if isinstance(target, ast.Attribute) and target.attr == "status":
                    found.add(str(path.relative_to(ROOT)))
    assert found == ASSIGN_A_STATUS


def test_every_task_has_a_queue_and_every_queue_a_worker():
    queues = {queue.name for queue in settings.CELERY_TASK_QUEUES}
    routed = {route["queue"] for route in settings.CELERY_TASK_ROUTES.values()}
    from jeddah_portal.celery import app

    app.loader.import_default_modules()
    own = {name for name in app.tasks if name.startswith("transactions.")}
    assert own == set(settings.CELERY_TASK_ROUTES)
    assert queues == routed
    # No worker command names queues, so each takes all of them.
    commands = (ROOT / "compose.yml").read_text() + (ROOT / "bin" / "run").read_text()
    assert " -Q" not in commands
    assert {task.name for task in TASKS_BY_KIND.values()} <= own
    assert {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()} <= own


def test_the_example_environment_names_every_variable():
    text = "".join(path.read_text() for path in (ROOT / "jeddah_portal" / "settings").glob("*.py"))
    read = set(re.findall(r"(?:env(?:\.\w+)?|secret)\(\s*\"([A-Z_]+)\"", text))
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    assert read == set(re.findall(r"^#? ?([A-Z_]+)=", example, re.MULTILINE))


def test_compose_and_dockerfile_start_what_exists():
    compose = yaml.safe_load((ROOT / "compose.yml").read_text())
    assert {"web", "worker", "beat", "postgres", "redis"} <= set(compose["services"])
    docker = (ROOT / "Dockerfile").read_text()
    assert docker.count("FROM ") >= 2
    assert re.search(r"^USER (?!root)", docker, re.MULTILINE)


@pytest.mark.parametrize("command", [write_workflow, write_glossary], ids=lambda command: command.PATH.name)
def test_documents_rendered_from_code_are_fresh(command):
    name = command.__name__.rpartition(".")[2]
    assert command.PATH.read_text(encoding="utf-8") == command.render(), f"run manage.py {name}"


SAMPLE = {
    "slug:code": "x",
    "str:token": "x",
    "str:reference": "C1A-1448-000001-1",
    "uuid:key": "0" * 8 + "-0000-4000-8000-" + "0" * 12,
}


def test_every_address_needs_a_login_or_is_on_the_list(client, city):
    known = set(routes())
    assert {path for path in PUBLIC if path not in known} == set()
    for path in sorted(known - PUBLIC):
        if "^" in path or "(?P" in path:
            continue
        url = re.sub(r"<([^>]+)>", lambda hit: SAMPLE.get(hit[1], "1"), path)
        answer = client.get(url)
        assert answer.status_code in (302, 401, 403, 404, 405), (path, answer.status_code)
        if answer.status_code == 302:
            assert answer.url.startswith((reverse("account_login"), "/staff/")), (path, answer.url)
        assert client.post(url).status_code in (302, 401, 403, 404, 405), path


def test_files_fit_in_a_head():
    others = [path for room in ("bin", "tests") for path in (ROOT / room).rglob("*") if path.suffix in ("", ".py")]
    for path in [*sources(), *filter(Path.is_file, others)]:
        lines = len(path.read_text(encoding="utf-8").splitlines())
        assert lines <= 400, f"{path.relative_to(ROOT)} has {lines} lines"


def test_lines_of_templates_styles_and_scripts_fit_on_a_screen():
    """Formatters indent; none of them breaks a line where a space would show, so long ones are broken by hand."""
    static = ROOT / "static"
    files = [*(ROOT / "templates").rglob("*.*"), *(static / "css").glob("*.css"), *(static / "js").glob("*.js")]
    long = [
        f"{path.relative_to(ROOT)}:{number} has {len(line)} characters"
        for path in files
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if len(line) > 120
    ]
    assert long == []


def test_public_functions_of_services_say_what_they_do():
    floors = ("intake", "transitions", "attachments", "inquiry", "papers", "notifications", "maintenance")
    inside = [path for floor in floors for path in (ROOT / "transactions" / floor).glob("*.py")]
    for path in [*inside, ROOT / "accounts" / "services.py"]:
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                assert ast.get_docstring(node) or len(node.body) <= 3, f"{path.name}: {node.name}"


def test_a_message_names_at_most_a_kind_of_work():
    """What is to be done stands in the database; a message that is lost or comes twice changes nothing."""
    from jeddah_portal.celery import app

    app.loader.import_default_modules()
    own = [task for name, task in app.tasks.items() if name.startswith("transactions.")]
    assert own
    for task in own:
        asked = inspect.signature(task.run).parameters.values()
        assert {each.name for each in asked if each.kind is not inspect.Parameter.VAR_KEYWORD} <= {"kind"}, task.name


def test_nothing_committed_names_this_machine():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True).stdout.split()
    private = re.compile(r"/home/[a-z]|/root/|pip\.conf|index-url")
    for name in listed:
        if name.endswith((".py", ".md", ".txt", ".in", ".toml", ".yml")) and name != "tests/architecture/test_rules.py":
            assert not private.search((ROOT / name).read_text(encoding="utf-8")), name


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.protection)
def test_every_mutant_still_fits_the_code(mutant):
    """`bin/storm --mutants` takes long and is run seldom; that it can be run is seen at once."""
    for name, text, _instead in mutant.edits:
        assert (ROOT / name).read_text(encoding="utf-8").count(text) == 1, name
