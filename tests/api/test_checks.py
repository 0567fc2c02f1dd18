"""The checklist by program: read, ticked with the version that was looked at, and never by who may not."""

from __future__ import annotations

import pytest

from transactions.models import Check
from transactions.transitions import moves
from transactions.transitions.moves import RequestedCompletion

from ..conftest import NOW, STEP, drive
from .test_api import Api

pytestmark = pytest.mark.django_db


@pytest.fixture
def case(cast, submitted, settings):
    settings.CHECKLISTS_BIND = True
    return drive(submitted("land-subdivision"), cast, "under_tech_audit")


def path(case):
    return f"/transactions/{case.reference}/checks/"


def looked(case):
    return {"stage": case.stage, "answers_version": case.answers_version}


def test_what_is_to_be_looked_at_is_told_and_each_press_is_by_whoever_sent_it(cast, case):
    api = Api(cast.reviewer)
    told = api.get(path(case)).json()
    assert (told["stage"], told["answers_version"]) == (case.stage, case.answers_version)
    assert (told["may_press"], told["may_leave_out"]) == (True, False)
    first = told["points"][0]
    assert first["words_ar"] != first["words_en"]
    assert (first["state"], first["settled"], first["can_be_pressed"], first["by"]) == ("", False, True, "")
    after = api.post(path(case), looked(case) | {"code": first["code"], "state": "ticked"}).json()
    line = next(line for line in after["points"] if line["code"] == first["code"])
    assert (line["state"], line["settled"], line["by"]) == ("ticked", True, cast.reviewer.full_name)
    row = Check.objects.get()
    assert (row.by, row.acted_as, row.code) == (cast.reviewer, "reviewer", first["code"])
    # The same said again changes nothing; taken back it is open.
    api.post(path(case), looked(case) | {"code": first["code"], "state": "ticked"})
    assert Check.objects.count() == 1
    back = api.post(path(case), looked(case) | {"code": first["code"], "state": "cleared"}).json()
    assert not next(line for line in back["points"] if line["code"] == first["code"])["settled"]


def test_what_was_not_looked_at_is_not_ticked(cast, case):
    api, seen = Api(cast.reviewer), looked(case)
    code = api.get(path(case)).json()["points"][0]["code"]
    wrong = [
        {"stage": "approval"},
        {"answers_version": case.answers_version + 1},
    ]
    for changed in wrong:
        answer = api.post(path(case), seen | changed | {"code": code, "state": "ticked"})
        assert (answer.status_code, answer.json()["code"]) == (409, "stage_has_ended")
    for sent in ({"code": "nothing", "state": "ticked"}, {"state": "ticked"}, {"code": code, "state": ""}):
        assert api.post(path(case), seen | sent).status_code in (400, 409)
    assert api.post(path(case), {"code": code, "state": "ticked"}).status_code == 400, "without what was looked at"
    assert api.post(path(case), seen | {"code": code, "state": "ticked", "more": 1}).status_code == 400
    # Returned and answered meanwhile, the program has to look again.
    asked = [RequestedCompletion("", "أكمل", ("deed",))]
    moves.return_for_completion(case, deficiencies=asked, by=cast.reviewer, now=NOW + STEP)
    assert api.post(path(case), seen | {"code": code, "state": "ticked"}).status_code == 409
    assert not Check.objects.exists()


def test_only_whoever_studies_the_case_presses_and_only_a_supervisor_leaves_out(cast, case):
    code = Api(cast.reviewer).get(path(case)).json()["points"][0]["code"]
    press = looked(case) | {"code": code, "state": "ticked"}
    for person in (cast.citizen, cast.other_citizen, cast.other_reviewer, cast.administrator):
        assert Api(person).get(path(case)).status_code == 404
        assert Api(person).post(path(case), press).status_code == 404
    assert Api(cast.registry).post(path(case), press).status_code in (403, 404, 409)
    leave = looked(case) | {"state": "left_out", "reason": "عاجل بقرار"}
    refused = Api(cast.reviewer).post(path(case), leave)
    assert (refused.status_code, refused.json()["code"]) == (409, "not_yours_to_leave_out")
    assert Api(cast.supervisor).post(path(case), leave | {"reason": " "}).status_code == 422
    assert not Check.objects.exists()
    done = Api(cast.supervisor).post(path(case), leave).json()
    assert all(line["settled"] for line in done["points"] if line["can_be_pressed"])
    assert {row.reason for row in Check.objects.all()} == {"عاجل بقرار"}


def test_a_program_that_ticked_everything_passes_the_case_on(cast, case):
    api = Api(cast.reviewer)
    move = {"move": "recommend", "version": case.version}
    assert api.post(f"/transactions/{case.reference}/moves/", move).status_code == 409
    for line in api.get(path(case)).json()["points"]:
        if line["can_be_pressed"]:
            api.post(path(case), looked(case) | {"code": line["code"], "of": line["stage"], "state": "ticked"})
    assert api.post(f"/transactions/{case.reference}/moves/", move).status_code == 200
