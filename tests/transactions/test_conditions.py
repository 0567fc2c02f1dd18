"""Conditions on answers: they compose, bear whatever is stored, and are said to people and programs."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from transactions.domain import service_types
from transactions.domain.service_types import And, Answered, Greater, Less, Not, OneOf, Or
from transactions.text.wording import only_for

NEW = OneOf("request_kind", ("new",))
LARGE = Greater("load_kva", 50)
SERVICE = service_types.get("electricity-connection")


@pytest.mark.parametrize(
    ("condition", "answers", "met"),
    [
        (NEW, {"request_kind": "new"}, True),
        (NEW, {"request_kind": "split"}, False),
        (NEW, {}, False),
        (NEW, {"request_kind": ["split", "new"]}, True),
        (NEW, {"request_kind": ["split"]}, False),
        (LARGE, {"load_kva": "50"}, False),
        (LARGE, {"load_kva": "50.01"}, True),
        (LARGE, {"load_kva": "much"}, False),
        (LARGE, {"load_kva": True}, False),
        (Less("load_kva", 50), {"load_kva": "49.99"}, True),
        (Less("load_kva", 50), {"load_kva": "50"}, False),
        (Less("load_kva", 50), {}, False),
        (Answered("street"), {"street": ""}, False),
        (Answered("street"), {"street": []}, False),
        (Answered("street"), {"street": "x"}, True),
        (NEW & LARGE, {"request_kind": "new", "load_kva": "60"}, True),
        (NEW & LARGE, {"request_kind": "new", "load_kva": "6"}, False),
        (NEW | LARGE, {"request_kind": "split", "load_kva": "60"}, True),
        (NEW | LARGE, {"request_kind": "split", "load_kva": "6"}, False),
        (~NEW, {}, True),
        (NEW & ~LARGE, {"request_kind": "new", "load_kva": "60"}, False),
        ((NEW | Answered("street")) & ~LARGE, {"street": "x", "load_kva": "5"}, True),
    ],
)
def test_a_condition_is_met_or_not(condition, answers, met):
    assert condition(answers) is met


LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
STORED = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=2))
PLAIN = st.sampled_from([NEW, LARGE, Less("load_kva", 3), Answered("street"), OneOf("street", ("x", 1, True))])
CONDITIONS = st.recursive(
    PLAIN,
    lambda inner: st.builds(Not, inner) | st.builds(lambda *two: And(two), inner, inner)
    | st.builds(lambda *two: Or(two), inner, inner),
    max_leaves=6,
)  # fmt: skip


@given(CONDITIONS, st.dictionaries(st.sampled_from(["request_kind", "load_kva", "street"]), STORED))
def test_whatever_is_stored_a_condition_is_met_or_not_and_can_be_said(condition, answers):
    met = condition(answers)
    assert isinstance(met, bool)
    assert (~condition)(answers) is not met
    assert condition.names <= {"request_kind", "load_kva", "street"}
    assert read(condition.data(), answers) is met
    for language in ("ar", "en"):
        with translation.override(language):
            assert only_for(SERVICE, condition)


def read(data, answers):
    """What a program makes of the data of a condition, as static/js/when.js does."""
    if "all" in data:
        return all(read(part, answers) for part in data["all"])
    if "any" in data:
        return any(read(part, answers) for part in data["any"])
    if "not" in data:
        return not read(data["not"], answers)
    plain = {"values": OneOf, "greater": Greater, "less": Less}
    for key, kind in plain.items():
        if key in data:
            value = tuple(data[key]) if key == "values" else int(data[key])
            return kind(data["field"], value)(answers)
    return Answered(data["field"])(answers)


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (NEW, "Only if “Kind of request” is: New connection"),
        (NEW & LARGE, "Only if “Kind of request” is: New connection and “Requested load” is more than 50 kVA"),
        (
            (NEW & LARGE) | ~Answered("street"),
            "Only if (“Kind of request” is: New connection and “Requested load” is more than 50 kVA), or it is not the "
            "case that “Street or nearest landmark” is answered",
        ),
        (replace(NEW & LARGE, words="For large new loads"), "For large new loads"),
    ],
)
def test_a_condition_is_said_in_words(condition, words):
    with translation.override("en"):
        assert only_for(SERVICE, condition).replace("\u2068", "").replace("\u2069", "") == words


def test_programs_read_the_old_form_where_it_says_enough(client):
    service = client.get("/api/v1/services/electricity-connection/").json()
    deed = next(field for field in service["fields_"] if field["name"] == "deed_number")
    assert deed["when"] == deed["condition"] == {"field": "ownership", "values": ["deed"]}
    kind = next(field for field in service["fields_"] if field["name"] == "request_kind")
    assert kind["when"] is kind["condition"] is None
