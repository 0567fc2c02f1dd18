"""A catalogue file with a slip in it does not start: by type where that says enough, else when it is registered."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jeddah_portal.checks import services_are_whole
from transactions.domain import service_types, soundness
from transactions.domain.service_types import DeficiencyCode, Field, Greater, Kind, OneOf, RoutingRule, Stage
from transactions.domain.workflow import MOVES, STAGE_ROLES, Actor, MoveName, Status

SERVICE = service_types.get("building-permit")


def test_the_names_of_moves_are_those_of_the_table():
    assert [move.name for move in MOVES] == list(MoveName)


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"role": "reviewr"}, TypeError),
        ({"role": "reviewer"}, TypeError),
        ({"role": Actor.APPLICANT}, ValueError),
        ({"role": Actor.CENTRE_CLERK}, ValueError),
        ({"finish": "recomend"}, TypeError),
        ({"finish": "recommend"}, TypeError),
        ({"finish": MoveName.TAKE}, ValueError),
        ({"finish": MoveName.APPROVE}, ValueError),
        ({"status": "under_study"}, TypeError),
        ({"status": Status.RETURNED}, ValueError),
    ],
)
def test_a_slip_in_a_stage_fails_at_import(changed, error):
    good = {"status": Status.UNDER_STUDY, "role": Actor.REVIEWER, "working_days": 1, "finish": MoveName.RECOMMEND}
    assert Stage("study", "Study", **good)
    with pytest.raises(error, match="study"):
        Stage("study", "Study", **good | changed)


def test_a_slip_in_a_name_fails_at_import():
    for kind, wrong in ((Actor, "REVIEWR"), (MoveName, "RECOMEND"), (Status, "UNDER_STUDDY"), (Kind, "CHOISE")):
        with pytest.raises(AttributeError):
            getattr(kind, wrong)


def with_field(field):
    first, *rest = SERVICE.steps
    return {"steps": (replace(first, fields=(*first.fields, field)), *rest)}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"documents": (replace(SERVICE.documents[0], when=OneOf("land_uze", ("mixed",))),)}, "land_uze"),
        ({"documents": (replace(SERVICE.documents[0], when=OneOf("land_use", ("mixt",))),)}, "mixt"),
        ({"documents": (replace(SERVICE.documents[0], when=~Greater("land_use", 5)),)}, "no number"),
        ({"documents": (SERVICE.documents[0], *SERVICE.documents)}, "twice"),
        (with_field(Field("x", "X", when=Greater("floors", 2))), "asked by then"),
        (with_field(Field("deed_number", "X")), "twice"),
        (with_field(Field("x", "X", Kind.CHOICE)), "choices"),
        (with_field(Field("x", "X", choices=(("a", "A"),))), "choices"),
        (with_field(Field("x", "X", "chioce")), "no kind"),
        (with_field(Field("x", "X", Kind.INTEGER, low=3, high=2)), "bound"),
        ({"routing_rules": (RoutingRule("r", OneOf("a", ("b",)) | Greater("floors", 3), "x"),)}, "'a'"),
        ({"deficiencies": (DeficiencyCode("d", "x", "deeed"),)}, "deeed"),
        ({"deficiencies": (DeficiencyCode("d", "x", "deed", opens=("flors",)),)}, "flors"),
        ({"stages": SERVICE.stages[1:]}, "registration"),
        ({"stages": SERVICE.stages[:-1]}, "last stage"),
        ({"stages": (*SERVICE.stages, SERVICE.stages[1])}, "twice"),
        ({"stages": SERVICE.stages[:1]}, "at least"),
        ({"stages": (*SERVICE.stages[:1], SERVICE.stages[-1], *SERVICE.stages[1:])}, "not the last"),
        ({"fee": None}, "fee"),
    ],
)
def test_a_slip_between_the_parts_of_a_service_fails_when_it_is_registered(changed, said):
    wrong = replace(SERVICE, code="wrong", **changed)
    with pytest.raises(ValueError, match=said):
        service_types.register(wrong)
    assert service_types.find("wrong") is None


def test_what_ships_is_sound():
    assert [list(soundness.faults(service)) for service in service_types.all_services()] == [[]] * len(
        service_types.all_services()
    )


@pytest.mark.parametrize("wrong", ["output", "tariff"])
def test_what_a_service_names_outside_its_file_is_checked(monkeypatch, wrong):
    assert services_are_whole(None) == []
    if wrong == "output":
        changed = replace(SERVICE, output=replace(SERVICE.output, template="permits/outputs/bilding.html"))
    else:
        (kind,) = SERVICE.fee.tariffs
        changed = replace(SERVICE, fee=replace(SERVICE.fee, tariffs=(replace(kind, certainty="sure"),)))
    monkeypatch.setitem(service_types._registry, SERVICE.code, changed)
    (found,) = services_are_whole(None)
    assert {"output": "bilding.html", "tariff": "'sure'"}[wrong] in found.msg


def test_every_role_of_a_stage_is_a_post_somebody_can_hold():
    from accounts.models import Role

    assert set(Role) >= STAGE_ROLES
