"""While everything is dark, nothing that anybody sends to any address writes anything of a request: addresses that do
write are listed with the reason, and one that is not listed fails. Management commands likewise.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone

from transactions.incidents import memory
from transactions.models import GateSwitch

from .test_access_matrix import outcome
from .world import build, client_of, routes

pytestmark = [pytest.mark.django_db, pytest.mark.embedded, pytest.mark.thorough]
# Those who may do something somewhere.
SENDERS = ("applicant", "engineer", "clerk", "registry", "reviewer", "supervisor", "administrator")
# What is written although all gates are dark, and why: the beginnings of addresses.
STILL_WRITE: dict[str, str] = {
    "/(api/v1/|office/)?authorisations/": "is between an owner and an engineering office; no request is touched",
    "/(api/v1/)?notices/read/": "says that one has read",
    "/drafts/": "what is being written is kept, whatever is closed",
    "/profile/$": "is about oneself",
    "/staff/accounts/": "is power over people, which those on duty need just then",
    "/staff/bulk/": "says what is wanted; each case asks its gates when its turn comes",
    "/staff/filters/": "is about a list, not about a request",
    "/staff/counter/<uuid:key>/$": "what is being written is kept, whatever is closed",
    "/staff/counter/answers/": "what is being written is kept, whatever is closed",
}
# What a command does with requests: the operation by whose gate it is kept, or why none closes it.
COMMANDS: dict[str, str] = {
    "work": "asks the gates of each job (tests/transactions/test_gates.py)",
    "seed_demo": "makes an invented city, whose services ask the gates like everybody",
    "sweep_files": "removes files that belong to nothing",
    "reconcile": "compares the books and changes none",
    "verify_journal": "reads",
    "export_journal": "reads",
    "node_list": "says whose signatures count",
    "build_status": "tells what is closed, which has to be told just then",
    "build_verifier": "writes a page",
    "print_runbook": "writes a page",
    "rehearse": "rebuilds into a scratch place and deletes it; of this portal it notes only when that went well",
    "break_glass": "is for those on duty while things are closed",
    "load_reference_data": "is for whoever runs the machine: offices and districts, no request",
    "load_tariffs": "is for whoever runs the machine: tariffs, no request",
    "enter_earlier_payments": "enters in the ledger what was paid before; takes no payment and moves no request",
    "take_deliveries": "takes in receipts that were given already, whatever has been closed since",
    "office_prepare": "is for whoever runs the machine of an office box",
    **dict.fromkeys(("office_work", "office_stick"), "brings the centre receipts that were given already"),
    "guard_copy": "watches the late copy at the second site and stops it; writes no request",
    **dict.fromkeys(
        ("backup", "restore", "reinstate", "reseal", "prepare", "migrate", "flush", "web_role", "vault_role", "check"),
        "is for whoever runs the machine, who has to be able to mend it",
    ),
    **dict.fromkeys(
        ("rebuild", "promote"),
        "makes another place the portal after a loss; what was closed is closed there too",
    ),
    **dict.fromkeys(
        ("build_fonts", "build_icons", "compile_translations", "translations", "write_glossary", "write_workflow"),
        "writes files of the source",
    ),
}


def test_in_the_dark_no_address_takes_anything_but_those_listed(cast, submitted):
    world = build(cast, submitted)
    dark = {"state": "dark", "at": timezone.now(), "reason_ar": "صيانة.", "reason_en": "Maintenance."}
    GateSwitch.objects.create(**dark)
    memory.forget()
    clients = {name: client_of(world.who(name)) for name in SENDERS}
    cookies = {name: client.cookies.output() for name, client in clients.items()}
    wrote = set()
    for route in routes():
        for name, client in clients.items():
            if outcome(client, "POST", route, world) == "W":
                wrote.add(route)
            if client.cookies.output() != cookies[name]:  # signed out, or shown another language
                client.cookies.load(cookies[name].replace("Set-Cookie: ", ""))
    unlisted = sorted(route for route in wrote if not any(re.match(start, route) for start in STILL_WRITE))
    assert "\n".join(unlisted) == ""
    assert [start for start in STILL_WRITE if not any(re.match(start, route) for route in wrote)] == []


def test_every_command_says_what_gates_mean_to_it():
    there = {
        path.stem for path in Path(settings.BASE_DIR).glob("*/management/commands/*.py") if path.stem != "__init__"
    }
    assert there == set(COMMANDS)
