"""Nothing that is sent is ignored: a name or a value that is not known is refused by name, never 500, never 200."""

from __future__ import annotations

import json
from datetime import timedelta
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.services import authorise_office
from api.strict import Strict
from api.v1 import urls
from transactions.intake import drafts
from transactions.models import Notification
from transactions.transitions import moves
from transactions.transitions.moves import RequestedCompletion

from ..conftest import NOW, drive, office_draft
from .program import Program
from .test_api import V1, Api, problem

pytestmark = pytest.mark.django_db
calm = settings(max_examples=150, database=None, suppress_health_check=list(HealthCheck))
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)
LISTS = ["/transactions/", "/notices/", "/authorisations/", "/offices/", "/districts/", "/services/", "/schema/"]
KNOWN = {"page", "cursor", "at_work", "q", "status", "service", "assigned", "late", "unread", "side", "format", "lang"}
JUNK = {
    "/transactions/": ["page", "cursor", "at_work", "status", "service", "assigned", "late"],
    "/notices/": ["cursor", "unread"],
    "/authorisations/": ["cursor", "side", "status"],
}
GOOD = {"0", "1", "t", "f", "y", "n", "true", "false", "yes", "no", "on", "off", "null", "none", "me", "owner"}


def named(answer) -> set[str]:
    assert problem(answer)[0] == 400
    return {error["path"] for error in answer.json()["errors"]}


def test_any_unknown_name_is_refused_by_that_name(cast):
    api = Api(cast.citizen)

    @calm
    @given(path=st.sampled_from(LISTS), name=TEXTS.filter(lambda name: "\0" not in name and name not in KNOWN))
    def attempt(path, name):
        assert named(api.get(f"{path}?{quote(name)}=1")) == {name}

    attempt()


def test_any_junk_for_a_known_name_is_refused_by_that_name(cast):
    api = Api(cast.citizen)

    @calm
    @given(data=st.data(), value=TEXTS.filter(lambda text: "\0" not in text))
    def attempt(data, value):
        path = data.draw(st.sampled_from(sorted(JUNK)))
        name = data.draw(st.sampled_from(JUNK[path]))
        if value.strip().lower() in GOOD or (name == "page" and value.strip().isdecimal()):
            value = f"x{value}"
        found = named(api.get(f"{path}?{name}={quote(value)}"))
        assert {each.split(".")[0] for each in found} == {name}

    attempt()


@pytest.mark.parametrize(
    "query",
    [
        *("page=abc", "page=0", "page=-1", "page=1e9", "page=1.5", "page=", "page=١٢٣٤٥٦٧٨", "page=1&page=2"),
        *("cursor=", "cursor=1", "cursor=99999999999999999-1", "cursor=1-9999999999999999999", "page=1&cursor=1-1"),
        *("status=", "status=returned,incoming", "status=RETURNED", "status=returned&status=x", "service=nothing"),
        *("at_work=maybe", "at_work=", "limit=5", "ordering=x", "Status=returned", "q=" + "x" * 81),
    ],
)
def test_a_list_refuses_what_it_does_not_know(query, cast):
    answer = Api(cast.citizen).get(f"/transactions/?{query}", **{"Accept-Language": "ar"})
    assert named(answer)
    said = [answer.json()["detail"], *(error["message"] for error in answer.json()["errors"])]
    assert all(any("\u0600" <= char <= "\u06ff" for char in text) for text in said), said


def test_no_parameter_is_taken_where_something_is_sent(cast):
    api = Api(cast.citizen)
    answer = api.post("/transactions/?dry_run=true", {}, **{"Idempotency-Key": "k"})
    assert named(answer) == {"dry_run"}
    assert named(api.post("/notices/read/?unread=1", {"up_to": 1})) == {"unread"}


def test_every_address_that_takes_something_takes_only_what_it_names(cast, submitted):
    """By the description: each body says so, and each operation that takes JSON refuses another name by that name."""
    program, case = Program(), drive(submitted(), cast, "under_study")
    waiting = drafts.send_to_owner(office_draft(cast), by=cast.engineer)
    asked = authorise_office(cast.citizen, cast.office, plan_number="9", parcel_number="1", now=NOW)
    fill = {"reference": case.reference, "id": asked.pk, "code": "land-subdivision", "key": waiting.key}
    people, tried = [Api(cast.citizen), Api(cast.reviewer), Api(cast.engineer)], 0
    for name, (method, path, operation) in program.operations.items():
        content = operation.get("requestBody", {}).get("content", {})
        if "application/json" not in content:
            continue
        shape = program.resolved(content["application/json"]["schema"])
        assert shape["additionalProperties"] is False, name
        for hole, value in fill.items():
            path = path.replace(f"{{{hole}}}", str(value))
        answers = [
            getattr(api.client, method)(
                path,
                json.dumps({"colour": "blue"}),
                content_type="application/json",
                headers=api.headers | {"Idempotency-Key": "k"},
            )
            for api in people
        ]
        # Whose it is not is told that it is not there.
        concerned = [answer for answer in answers if answer.status_code not in (403, 404)]
        assert concerned, name
        assert all("colour" in named(answer) for answer in concerned), name
        tried += 1
    assert tried >= 12


def test_names_inside_a_body_are_known_too(cast, submitted):
    case = drive(submitted(), cast, "under_study")
    api, path = Api(cast.reviewer), f"/transactions/{case.reference}/moves/"
    asked = [{"code": case.service_type.deficiencies[0].code, "urgent": True}]
    sent = {"move": "return", "version": case.version, "deficiencies": asked}
    assert named(api.post(path, sent)) == {"deficiencies.0.urgent"}
    assert named(api.post(path, {"move": "recommend", "version": case.version, "to_office": "CTR"})) == {"to_office"}
    for system in ("route", "stay", "hand_over", "answer"):
        assert named(api.post(path, {"move": system, "version": case.version})) == {"move"}


def test_every_view_reads_its_parameters():
    views = [pattern.callback.cls for pattern in urls.urlpatterns if hasattr(pattern.callback, "cls")]
    assert len(views) > 25
    assert all(issubclass(view.query, Strict) for view in views)


def test_the_filters_filter(cast, submitted):
    first, second, other = submitted(), submitted("land-subdivision"), submitted()
    drive(first, cast, "under_study")
    second = drive(second, cast, "under_tech_audit")
    moves.return_for_completion(
        second, deficiencies=[RequestedCompletion("part-area")], by=cast.reviewer, now=NOW + timedelta(days=1)
    )

    def found(person, query):
        return {row["reference"] for row in Api(person).get(f"/transactions/?{query}").json()}

    assert found(cast.citizen, "status=returned") == {second.reference}
    assert found(cast.citizen, "status=returned&status=incoming") == {second.reference, other.reference}
    assert found(cast.citizen, "status=issued") == set()
    assert found(cast.citizen, "service=land-subdivision") == {second.reference}
    assert found(cast.citizen, f"q={first.reference}") == {first.reference}
    assert found(cast.citizen, "at_work=true") == set()
    assert found(cast.reviewer, "at_work=true&status=under_study") == {first.reference}
    moves.take(first, by=cast.reviewer)
    assert found(cast.reviewer, "at_work=true&assigned=me") == {first.reference}
    assert first.reference not in found(cast.reviewer, "at_work=true&assigned=nobody")


def test_a_list_tells_each_row_once_whatever_comes_meanwhile(cast, submitted):
    """All of the same moment, so that the moment alone orders nothing; new ones come between the pages."""
    cases = {submitted(routed=False).reference for _ in range(60)}
    program = Program()
    program.headers |= Api(cast.citizen).headers
    answer, seen = program.call("transactions_list"), []
    while True:
        seen += [row["reference"] for row in answer.json()]
        if "Link" not in answer.headers:
            break
        submitted(routed=False)
        answer = program.client.get(answer.headers["Link"][1:].split(">")[0], headers=program.headers)
    assert len(seen) == len(set(seen)) == 60
    assert set(seen) == cases
    rows = program.every("notices_list")
    mine = Notification.objects.filter(recipient=cast.citizen)
    assert [row["id"] for row in rows] == list(mine.order_by("-created_at", "-pk").values_list("pk", flat=True))


def test_the_old_pages_still_work_and_say_when_they_end(cast, submitted):
    cases = [submitted(routed=False).reference for _ in range(30)]
    api = Api(cast.citizen)
    pages = [api.get(f"/transactions/?page={number}") for number in (1, 2, 3)]
    assert [len(page.json()) for page in pages] == [25, 5, 0]
    assert {row["reference"] for page in pages for row in page.json()} == set(cases)
    assert all(page["Deprecation"].startswith("@") and page["Sunset"].endswith("GMT") for page in pages)
    assert "Sunset" not in api.get("/transactions/")
    onwards = api.client.get(pages[0]["Link"][1:].split(">")[0], headers=api.headers)
    assert onwards.json() == pages[1].json()
    declared = api.client.get(f"{V1}/schema/?format=json").json()["paths"][f"{V1}/transactions/"]["get"]["parameters"]
    assert next(each for each in declared if each["name"] == "page")["schema"]["deprecated"] is True


def names_in(condition):
    """The questions a condition looks at, however it is put together."""
    parts = condition.get("all") or condition.get("any") or ([condition["not"]] if "not" in condition else [])
    return {name for part in parts for name in names_in(part)} if parts else {condition["field"]}


def test_conditional_questions_say_their_condition(city):
    """Of every service: what is asked for some answers only is not `required`, and says of which."""
    seen = 0
    for service in Program().get("services_list"):
        names = [field["name"] for field in service["fields_"]]
        for field in service["fields_"]:
            if field["condition"] is None:
                assert field["when"] is None
                assert field["required"] == field["required_when_asked"]
                continue
            seen += 1
            assert field["required"] is False
            looks_at = names_in(field["condition"])
            assert looks_at
            assert all(names.index(name) < names.index(field["name"]) for name in looks_at)
            assert field["when"] in (None, field["condition"])
        assert all(code["sentence"] for code in service["deficiencies"])
        assert all(document["depends_on_answers"] == bool(document["condition"]) for document in service["documents"])
    assert seen
