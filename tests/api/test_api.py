"""The public contract: submit, follow, work, ask; errors as problem+json with a code."""

from __future__ import annotations

import json

import pytest
from django.test import Client
from knox.models import AuthToken

from accounts.access import has_deciding_role
from municipality.models import Office
from transactions.domain import pins, service_types
from transactions.models import Attachment, Intake, Transaction
from transactions.transitions import moves
from transactions.transitions.moves import RequestedCompletion

from ..conftest import ANSWERS, NOW, authorised, drive, files_for, picture, stored, upload, work_off

pytestmark = pytest.mark.django_db
V1 = "/api/v1"


class Api:
    """A client speaking JSON: with a token, or signed in where the person decides and so has none."""

    def __init__(self, user=None):
        self.client, self.headers = Client(), {}
        if user and has_deciding_role(user):
            self.client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        elif user:
            self.headers = {"Authorization": f"Token {AuthToken.objects.create(user)[1]}"}

    def get(self, path, **headers):
        return self.client.get(V1 + path, headers=self.headers | headers)

    def post(self, path, body, **headers):
        sent = body if isinstance(body, str | bytes) else json.dumps(body)
        return self.client.post(V1 + path, sent, content_type="application/json", headers=self.headers | headers)

    def attach(self, document, file):
        return self.client.post(f"{V1}/attachments/", {"document": document, "file": file}, headers=self.headers)


def body_of(api, **changed):
    papers = {
        "facade_photo": [upload("1.jpg", picture("JPEG")), upload("2.png", picture())],
        "croquis": [upload()],
        "id_copy": [upload()],
        "ownership_doc": [upload()],
    }
    keys = {code: [api.attach(code, file).json()["key"] for file in files] for code, files in papers.items()}
    return {
        "service": "electricity-connection",
        "answers": ANSWERS["electricity-connection"] | changed,
        "attachments": keys,
    }


def problem(answer) -> tuple[int, str]:
    assert answer["Content-Type"].startswith("application/problem+json"), answer.content
    return answer.status_code, answer.json()["code"]


def test_a_request_is_submitted_and_followed(cast):
    api = Api(cast.citizen)
    body = body_of(api)
    made = api.post("/transactions/", body, **{"Idempotency-Key": "k-1"})
    assert made.status_code == 201
    receipt = made.json()
    assert pins.derive_pin(receipt["reference"]) == receipt["pin"]
    again = api.post("/transactions/", body, **{"Idempotency-Key": "k-1"})
    assert (again.status_code, again.json()) == (201, receipt)
    other = api.post(
        "/transactions/", body | {"answers": body["answers"] | {"meters": "2"}}, **{"Idempotency-Key": "k-1"}
    )
    assert problem(other) == (422, "key_reused")
    work_off(Intake.objects.get().transaction.submitted_at)
    found = api.get(f"/transactions/{receipt['reference']}/").json()
    assert (found["status"], len(found["attachments"]), len(found["timeline"])) == ("incoming", 5, 2)
    assert [row["reference"] for row in api.get("/transactions/").json()] == [receipt["reference"]]


def test_every_problem_of_a_submission_is_named(cast):
    api = Api(cast.citizen)
    answers = {"request_kind": "new", "load_kva": "-1"}
    answer = api.post(
        "/transactions/", {"service": "electricity-connection", "answers": answers}, **{"Idempotency-Key": "k"}
    )
    assert problem(answer) == (422, "invalid")
    paths = {error["path"] for error in answer.json()["errors"]}
    assert {"load_kva", "ownership", "district", "street"} <= paths
    assert Transaction.objects.count() == 0


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ("{", 400),
        ("[]", 400),
        ('"x"', 400),
        ("{}", 400),
        ('{"service": "unknown", "answers": {}}', 400),
        ('{"service": "electricity-connection", "answers": []}', 400),
        ('{"service": "electricity-connection", "answers": {"street": "\\u0000"}}', 422),
        ('{"service": "electricity-connection", "answers": {"street": "\\ud800"}}', 400),
        ('{"service": "electricity-connection", "answers": {"parts": [[[]]]}}', 422),
        (b'{"service": "\xff"}', 400),
        ("[" * 5000, 400),
    ],
)
def test_broken_bodies_are_refused_in_words(sent, status, cast):
    answer = Api(cast.citizen).post("/transactions/", sent, **{"Idempotency-Key": "k"})
    assert problem(answer)[0] == status
    assert Transaction.objects.count() == 0


def test_a_body_without_end_is_refused_in_words(settings):
    sent = "[" + "[]," * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE // 3) + "[]]"
    answer = Api().post("/inquiries/", sent)
    assert problem(answer) == (413, "too_long")


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 101, "\u0661"])
def test_an_idempotency_key_is_required(key, cast):
    api = Api(cast.citizen)
    headers = {"Idempotency-Key": key} if key else {}
    assert problem(api.post("/transactions/", {}, **headers))[0] == 400


def test_an_idempotency_key_may_have_a_hundred_characters(cast):
    api = Api(cast.citizen)
    body, headers = body_of(api), {"Idempotency-Key": "x" * 100}
    first, again = (api.post("/transactions/", body, **headers) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()


def test_who_is_not_signed_in_may_ask_and_read_the_catalogue_only(cast, submitted):
    api, case = Api(), submitted()
    assert {row["code"] for row in api.get("/services/").json()} >= {"building-permit", "land-subdivision"}
    told = {row["code"]: row["certainty"] for row in api.get("/offices/").json()}
    assert len(told) >= 40
    assert told == dict(Office.objects.values_list("code", "certainty"))
    assert len(set(told.values())) > 1, "so that one word for all would be noticed"
    for path in ("/transactions/", f"/transactions/{case.reference}/", f"/attachments/{case.attachments.first().key}/"):
        assert problem(api.get(path)) == (401, "not_authenticated")
    answer = api.post("/inquiries/", {"reference": case.reference, "pin": pins.derive_pin(case.reference)})
    assert (answer.status_code, answer.json()["status"]) == (200, "incoming")
    assert cast.citizen.full_name not in answer.content.decode()
    wrong = api.post("/inquiries/", {"reference": case.reference, "pin": "00000000"})
    unknown = api.post("/inquiries/", {"reference": "C1A-1448-999999-Z", "pin": "00000000"})
    assert problem(wrong) == problem(unknown) == (404, "not_found")


def test_guessing_through_the_api_is_stopped(cast, submitted):
    api, case = Api(), submitted()
    for _ in range(5):
        api.post("/inquiries/", {"reference": case.reference, "pin": "00000000"})
    answer = api.post("/inquiries/", {"reference": case.reference, "pin": pins.derive_pin(case.reference)})
    assert problem(answer) == (429, "too_many_tries")
    assert 0 < int(answer["Retry-After"]) <= 3600


def test_a_stranger_finds_nothing(cast, submitted):
    case = submitted()
    for person in (cast.other_citizen, cast.other_engineer, cast.other_reviewer, cast.administrator):
        api = Api(person)
        assert problem(api.get(f"/transactions/{case.reference}/")) == (404, "not_found")
        assert api.get("/transactions/?at_work=true").json() == []
        before = stored(case)
        refused = api.post(f"/transactions/{case.reference}/moves/", {"move": "register", "version": case.version})
        assert problem(refused) == (404, "not_found")
        assert stored(case) == before


def test_staff_work_a_case_through_the_api(cast, submitted):
    case = submitted()

    def act(person, move, version, **more):
        sent = {"move": move, "version": version, **more}
        return Api(person).post(f"/transactions/{case.reference}/moves/", sent)

    assert act(cast.registry, "register", 2).json()["status"] == "under_study"
    assert problem(act(cast.registry, "register", 3)) == (409, "move_not_allowed")
    assert problem(act(cast.reviewer, "recommend", 2)) == (409, "moved_meanwhile")
    codes = [entry.code for entry in case.service_type.deficiencies[:1]]
    returned = act(cast.reviewer, "return", 3, deficiencies=[{"code": codes[0]}])
    assert returned.json()["status"] == "returned"
    assert problem(act(cast.reviewer, "dance", 4))[0] == 400
    citizen = Api(cast.citizen)
    (asked,) = citizen.get(f"/transactions/{case.reference}/").json()["deficiencies"]
    half = citizen.post(f"/transactions/{case.reference}/answers/", {"answers": {}})
    assert problem(half) == (422, "invalid")
    done = citizen.post(f"/transactions/{case.reference}/answers/", {"answers": {str(asked["id"]): "هذا هو الختم"}})
    assert done.json()["status"] == "under_study"


def test_files_of_an_answer_go_in_before_it(cast, submitted):
    case = drive(submitted(), cast, "under_study")
    code = case.service_type.deficiencies[0].code
    case = moves.return_for_completion(case, deficiencies=[RequestedCompletion(code)], by=cast.reviewer, now=NOW)
    asked = case.deficiencies.get()
    api = Api(cast.citizen)
    path = f"{V1}/transactions/{case.reference}/deficiencies/{asked.pk}/files/"
    assert api.client.post(path, {"file": upload()}, headers=api.headers).status_code == 201
    stranger = Api(cast.other_citizen)
    assert stranger.client.post(path, {"file": upload()}, headers=stranger.headers).status_code == 404
    assert api.post(f"/transactions/{case.reference}/answers/", {"answers": {}}).status_code == 200


def test_an_upload_is_judged_by_content(cast):
    api = Api(cast.citizen)
    assert problem(api.attach("deed", upload("deed.pdf", b""))) == (422, "invalid")
    assert problem(api.attach("deed", upload("deed.pdf", b"MZ\x90\x00"))) == (422, "invalid")
    assert Attachment.objects.count() == 0


def test_unknown_addresses_answer_in_the_same_shape(cast):
    assert problem(Api().get("/nothing/here/")) == (404, "not_found")
    assert problem(Api(cast.citizen).client.delete(f"{V1}/services/"))[0] == 405


def test_the_schema_and_the_docs_load_nothing_from_elsewhere(client, city):
    schema = client.get(f"{V1}/schema/")
    assert schema.status_code == 200
    docs = client.get(f"{V1}/docs/").content.decode()
    assert "http://" not in docs.replace("http://testserver", "")
    assert "https://" not in docs


def test_what_an_office_prepares_is_submitted_on_the_portal(cast):
    given, api = authorised(cast), Api(cast.citizen)
    keys = files_for(service_types.get("building-permit"), ANSWERS["building-permit"], cast.citizen)
    body = {
        "service": "building-permit",
        "answers": ANSWERS["building-permit"],
        "attachments": {code: list(map(str, files)) for code, files in keys.items()},
        "authorisation": given.pk,
    }
    assert problem(api.post("/transactions/", body, **{"Idempotency-Key": "k"})) == (403, "office_needed")
    assert not Transaction.objects.exists()
