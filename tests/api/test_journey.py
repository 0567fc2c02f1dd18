"""A subdivision from its first file to its minutes, by programs that know the contract and nothing else."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from django.test import Client
from knox.models import AuthToken

from transactions.models import Transaction

from ..conftest import pdf, picture, upload, work_off
from .program import Program

pytestmark = pytest.mark.django_db

# What the owner's own software knows of the plot, under names of its own.
PLOT = {
    "deed": ("320211004455", "1440/03/15"),
    "plan": "٤١٥",
    "parcel": "27",
    "area": "900",
    "corners": [[521000, 2380000], [521040, 2380000], [521040, 2380022.5], [521000, 2380022.5]],
    "parts": [("600", "15", "شارع 1", "15"), ("150", "8", "شارع 2", "12"), ("150", "15", "شارع 3", "12")],
}


def by_token(person) -> Program:
    return Program(AuthToken.objects.create(person)[1])


def by_session(person) -> Program:
    """Whoever decides has no token: a script of theirs works in their session."""
    client = Client()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return Program(client=client)


def parts(rows: list[tuple[str, ...]], group: dict[str, Any]) -> list[dict[str, str]]:
    names = [field["name"] for field in group["fields_"] if field["kind"] != "corners"]
    return [dict(zip(names, row, strict=True)) for row in rows]


def answered(service: dict[str, Any], district: str) -> dict[str, Any]:
    """One answer to each question the description of the service asks, found by its kind."""
    said: dict[str, Any] = {}
    own = {"deed_number": PLOT["deed"][0], "plan_number": PLOT["plan"], "parcel_number": PLOT["parcel"]}
    for field in service["fields_"]:
        when = field["when"]
        if when and said.get(when["field"]) not in when["values"]:
            continue
        if field["kind"] == "text" and field["name"] not in own and not field["required_when_asked"]:
            continue
        said[field["name"]] = {
            "text": lambda field: own[field["name"]],
            "date": lambda field: PLOT["deed"][1],
            "district": lambda field: district,
            "decimal": lambda field: PLOT["area"],
            "choice": lambda field: field["choices"][0][0],
            "acknowledge": lambda field: True,
            "corners": lambda field: {"type": "Polygon", "coordinates": [PLOT["corners"]]},
            "group": lambda field: parts(PLOT["parts"], field),
        }[field["kind"]](field)
    return said


def files(program: Program, service: dict[str, Any], asked: list[str]) -> dict[str, list[str]]:
    keys: dict[str, list[str]] = {}
    for document in service["documents"]:
        for number in range(document["least"] if document["code"] in asked else 0):
            pdfs = "application/pdf" in document["accepts"]
            name = f"{document['code']}-{number}.{'pdf' if pdfs else 'jpg'}"
            file = upload(name, pdf(200 + 10 * len(keys)) if pdfs else picture("JPEG"))
            kept = program.send("attachments_create", {"document": document["code"], "file": file})
            keys.setdefault(document["code"], []).append(kept["key"])
    return keys


def forward(people: list[Program], reference: str, until: str) -> None:
    """Whoever is shown a move that ends the stage makes it, until the request stands there."""
    for _step in range(12):
        for program in people:
            answer = program.call("transactions_read", reference=reference)
            if answer.status_code != 200:
                continue
            case = answer.json()
            if case["status"] == until:
                return
            moves = [move for move in case["moves"] if move["forward"]]
            if moves:
                body = {"move": moves[0]["move"], "version": case["version"]}
                program.send("transactions_move", body, reference=reference)
    raise AssertionError(f"never {until}")


def test_a_subdivision_from_submission_by_a_return_to_its_minutes(cast):
    owner, registry, reviewer = by_token(cast.citizen), by_session(cast.registry), by_session(cast.reviewer)
    supervisor, clerk = by_session(cast.supervisor), by_token(cast.clerk)
    service = next(each for each in owner.get("services_list") if "subdivision" in each["code"])
    district = next(row for row in owner.get("districts_list") if row["sub_municipality"] == "SHR")
    answers = answered(service, district["code"])

    # Looked at before it is sent: what is missing, what will be asked about.
    looked = owner.send("services_check", {"answers": answers}, code=service["code"])
    assert {problem["code"] for problem in looked["problems"]} == {"document_missing"}
    assert looked["hinders"] == []
    assert {flag["path"].split(".")[0] for flag in looked["flags"]} == {"parts"}
    keys = files(owner, service, looked["documents"])
    body = {"service": service["code"], "answers": answers, "attachments": keys}
    again = owner.send("services_check", body={k: body[k] for k in ("answers", "attachments")}, code=service["code"])
    assert again["problems"] == []
    assert Transaction.objects.count() == 0
    receipt = owner.get("transactions_create", body=body, headers={"Idempotency-Key": "plot-27"})
    reference = receipt["reference"]
    assert owner.get("transactions_receipt", reference=reference) == receipt
    work_off(Transaction.objects.get().submitted_at)

    # The reviewer returns it, with a code of the service that opens what was flagged.
    forward([registry], reference, "under_tech_audit")
    case = reviewer.get("transactions_read", reference=reference)
    flagged = {flag["path"].split(".")[0] for flag in case["flags"]}
    code = next(each for each in service["deficiencies"] if each["about"] in flagged)
    assert "return" in {move["move"] for move in case["moves"]}
    asked = [{"code": code["code"]}]
    returned = {"move": "return", "version": case["version"], "deficiencies": asked}
    reviewer.send("transactions_move", returned, reference=reference)

    # The owner finds it among the returned, reads why, sends a new drawing and other numbers.
    assert [row["reference"] for row in owner.every("transactions_list", status="returned")] == [reference]
    assert owner.every("transactions_list", status="withdrawn") == []
    case = owner.get("transactions_read", reference=reference)
    (item,) = [each for each in case["deficiencies"] if each["answered_at"] is None]
    group = next(field for field in service["fields_"] if field["kind"] == "group")
    assert group["name"] in item["opens"]
    drawing = next(name for name in item["opens"] if name != group["name"])
    old = next(file for file in case["attachments"] if file["document"] == drawing)
    sent = {"file": upload("new.pdf", pdf(900)), "document": drawing}
    new = owner.send("deficiency_attach", sent, reference=reference, deficiency=item["id"])
    better = parts([("500", "20", "شارع 1", "15"), ("400", "16", "شارع 2", "12")], group)
    change = {
        "version": case["version"],
        "answers": {str(item["id"]): ""},
        "changes": {group["name"]: better},
        "replaced": [old["key"]],
    }
    case = owner.send("transactions_answer", change, reference=reference)
    assert [version["number"] for version in case["versions"]] == [1, 2]
    assert case["flags"] == []

    # The file's bytes are what was sent, whole and in part, for both sides.
    for program in (owner, reviewer):
        content = b"".join(program.call("attachments_content", key=new["key"]).streaming_content)
        assert hashlib.sha256(content).hexdigest() == new["sha256"]
        part = program.call("attachments_content", headers={"Range": "bytes=10-19"}, key=new["key"])
        assert (part.status_code, b"".join(part.streaming_content)) == (206, content[10:20])

    forward([registry, reviewer, supervisor, clerk], reference, "issued")
    case = owner.get("transactions_read", reference=reference)
    (issued,) = case["issued_documents"]
    paper = owner.get("transactions_paper", reference=reference, kind=issued["kind"])
    assert [row["area_m2"] for row in paper["content"]["answers"][group["name"]]] == ["500", "400"]
    assert (paper["number"], len(paper["content_hash"]) > 0) == (issued["number"], True)

    notices = owner.every("notices_list", unread="true")
    assert {notice["reference"] for notice in notices} == {reference}
    newest = max(notice["id"] for notice in notices)
    assert owner.send("notices_read", {"up_to": newest}) == {"marked": len(notices)}
    assert owner.every("notices_list", unread="true") == []
    assert len(owner.get("transactions_looks", reference=reference)) >= 1

    renewed = owner.send("transactions_renew_pin", {"pin_serial": receipt["pin_serial"]}, reference=reference)
    assert renewed["pin"] != receipt["pin"]
    asker = Program()
    secrets = [{"reference": reference, "pin": pin} for pin in (receipt["pin"], renewed["pin"])]
    assert [asker.call("inquiries_create", body=secret).status_code for secret in secrets] == [404, 200]


def test_a_token_does_what_its_scopes_say_at_every_operation(cast):
    """The description says which scope each operation needs; a token without it is refused there and nowhere else."""
    from accounts.models import Program as Row
    from accounts.models import Scope

    described = Program()
    needed = {name: each["x-scope"] for name, (_m, _p, each) in described.operations.items() if "x-scope" in each}
    open_to_all = set(described.operations) - set(needed)
    assert {"services_list", "districts_list", "inquiries_create", "receipts_create"} <= open_to_all
    assert {"transactions_create", "attachments_create", "transactions_renew_pin"}.isdisjoint(open_to_all)
    fill = {"uuid": "00000000-0000-4000-8000-000000000000", "integer": "1", "string": "electricity-connection"}
    for scope in Scope.values:
        row, token = AuthToken.objects.create(cast.citizen)
        Row.objects.filter(token=row).update(scopes=scope)
        client, refused = Client(headers={"Authorization": f"Token {token}"}), set()
        for name in needed:
            method, path, operation = described.operations[name]
            for each in operation.get("parameters", ()):
                if each["in"] == "path":
                    kind = each["schema"].get("format") or each["schema"]["type"]
                    path = path.replace(f"{{{each['name']}}}", fill[kind])
            if client.generic(method.upper(), path, content_type="application/json").status_code == 403:
                refused.add(name)
        assert refused == {name for name, need in needed.items() if need != scope}
