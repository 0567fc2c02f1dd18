"""A program answers a return as a person does, by words, files and changed answers, and reads every version."""

from __future__ import annotations

import pytest

from transactions.transitions import moves
from transactions.transitions.moves import RequestedCompletion

from ..conftest import NOW, STEP, drive, pdf, upload
from ..transactions.test_versions import PARTS
from .test_api import V1, Api, problem

pytestmark = pytest.mark.django_db


def test_a_return_is_answered_with_changed_answers_and_a_new_drawing(cast, submitted):
    case = drive(submitted("land-subdivision"), cast, "under_tech_audit")
    case = moves.return_for_completion(
        case, deficiencies=[RequestedCompletion("part-area")], by=cast.reviewer, now=NOW + STEP
    )
    api, path = Api(cast.citizen), f"/transactions/{case.reference}/"
    read = api.get(path).json()
    (item,) = read["deficiencies"]
    assert (item["opens"], read["answers_version"]) == (["division_drawing", "parts"], 1)
    old = case.attachments.get(document="division_drawing")
    sent = {"file": upload("new.pdf", pdf(300)), "document": "division_drawing"}
    new = api.client.post(f"{V1}{path}deficiencies/{item['id']}/files/", sent, headers=api.headers)
    assert new.status_code == 201, new.content
    refused = api.post(f"{path}answers/", {"answers": {str(item["id"]): ""}, "changes": {"land_use": "commercial"}})
    assert problem(refused) == (422, "invalid")
    body = {"answers": {str(item["id"]): ""}, "changes": {"parts": PARTS}, "replaced": [str(old.key)]}
    done = api.post(f"{path}answers/", body)
    assert done.status_code == 200, done.content
    read = done.json()
    assert (read["answers_version"], read["answers"]["parts"][0]["area_m2"]) == (2, "460")
    assert [(row["number"], row["event"]) for row in read["versions"]] == [(1, "submit"), (2, "answer")]
    assert read["versions"][0]["answers"]["parts"][0]["area_m2"] == "450"
    drawings = [file for file in read["attachments"] if file["document"] == "division_drawing"]
    assert {(file["original_name"], file["answers_version"], file["replaced_in"]) for file in drawings} == {
        (old.original_name, 1, 2),
        ("new.pdf", 2, None),
    }


def test_a_return_in_ones_own_words_and_a_correction_by_a_program_of_the_staff(cast, submitted):
    case = drive(submitted("land-subdivision"), cast, "under_tech_audit")
    api, path = Api(cast.reviewer), f"/transactions/{case.reference}/moves/"
    wrong = {"move": "correct", "version": case.version, "answers": {"area_m2": "905"}}
    assert problem(api.post(path, wrong)) == (422, "invalid")
    done = api.post(path, wrong | {"reason": "كما في الصك"})
    assert done.status_code == 200, done.content
    case.refresh_from_db()
    assert (case.answers["area_m2"], case.answers_version) == ("905", 2)
    asked = [{"sentence": "المساحة؟", "opens": ["area_m2"]}, {"code": "part-area"}]
    returned = api.post(path, {"move": "return", "version": case.version, "deficiencies": asked})
    assert returned.status_code == 200, returned.content
    found = case.deficiencies.order_by("code").values_list("code", "opens")
    assert list(found) == [("own-1", ["area_m2"]), ("part-area", ["parts", "division_drawing"])]
