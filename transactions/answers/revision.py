"""Changing answers that were sent before: which questions may be changed, and what the new version is. No rows.

What is not opened stays as it was accepted, letter for letter, and is not checked anew against rules or lists that have
changed since. What is opened goes through the same cleaners and checks as at intake. When a change no longer fits an
answer that was not opened, that one is opened too: nobody is told of a contradiction they may not mend.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from ..domain.errors import Problem
from ..domain.service_types import Answers, ServiceType
from . import cleaning as answers


@dataclass(frozen=True)
class Revised:
    """`values` is the new version; `problems` name what is wrong with it; `opened` the questions and documents that may
    be changed, with those that `problems` opened; `changed` the questions whose answers differ.
    """

    values: dict[str, Any]
    problems: tuple[Problem, ...]
    opened: frozenset[str]
    changed: frozenset[str]


def all_names(service: ServiceType) -> frozenset[str]:
    """Every question of a service: what a correction on record opens."""
    return frozenset(spec.name for spec in service.fields())


def with_dependants(service: ServiceType, names: Collection[str]) -> frozenset[str]:
    """These questions and documents, and those that are asked only for certain answers to them."""
    opened = set(names)
    dependants = [(spec.name, spec.when) for spec in service.fields() if spec.when]
    dependants += [(document.code, document.when) for document in service.documents if document.when]
    while more := {name for name, when in dependants if when.names & opened} - opened:
        opened |= more
    return frozenset(opened)


def revise(
    service: ServiceType, base: Answers, typed: Mapping[str, Any], names: Collection[str], today: date
) -> Revised:
    """`base` with what was `typed` for the questions among `names`; a question that was not typed stays as it is.

    A problem that `base` has as well, in an answer that is the same, is nobody's fault now and is left out.
    """
    known = all_names(service)
    opened = with_dependants(service, names)
    unchanged = {name: base[name] for name in known & base.keys()}
    before = {(problem.path, problem.code) for problem in answers.clean_answers(service, unchanged, today).problems}

    def problems_of(cleaned: answers.CleanedAnswers) -> list[Problem]:
        touched = {name for name in known if cleaned.values.get(name) != base.get(name)}
        return [
            problem
            for problem in cleaned.problems
            if (problem.path, problem.code) not in before or _question(problem) in touched & opened
        ]

    cleaned = _cleaned(service, unchanged, typed, opened, today)
    if elsewhere := {_question(problem) for problem in problems_of(cleaned)} & known - opened:
        opened = with_dependants(service, opened | elsewhere)
        cleaned = _cleaned(service, unchanged, typed, opened, today)
    values = _merged(service, base, cleaned.values, opened)
    changed = frozenset(name for name in values.keys() | base.keys() if values.get(name) != base.get(name))
    strangers = [
        Problem(name, _("This question is not open for change."), "not_open") for name in sorted(set(typed) - opened)
    ]
    return Revised(values, (*strangers, *problems_of(cleaned)), opened, changed)


def _question(problem: Problem) -> str:
    return problem.path.split(".")[0]


def _cleaned(
    service: ServiceType, unchanged: Answers, typed: Mapping[str, Any], opened: Collection[str], today: date
) -> answers.CleanedAnswers:
    return answers.clean_answers(service, {**unchanged, **{name: typed[name] for name in opened & typed.keys()}}, today)


def _merged(service: ServiceType, base: Answers, cleaned: Answers, opened: Collection[str]) -> dict[str, Any]:
    """The opened answers as cleaned, the others as they stand; none of a question that is asked no more."""
    values = {name: value for name, value in base.items() if name not in all_names(service)}
    for spec in service.fields():
        source = cleaned if spec.name in opened else base
        if spec.name in source and (spec.when is None or spec.when(values)):
            values[spec.name] = source[spec.name]
    return values
