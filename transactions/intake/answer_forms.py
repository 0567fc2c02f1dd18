"""Answers on a page: what a POST holds becomes raw answers, raw answers become form parts to render."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.http import QueryDict

from core.forms.fields import DecimalField
from core.text import parse_int
from municipality.services import districts_by_code

from ..answers import cleaning as answers
from ..domain.errors import Problem
from ..domain.service_types import Answers, Field, Group, Kind, ServiceType, Step

ADD, REMOVE = "add_row", "remove_row"


@dataclass(frozen=True)
class FieldsPart:
    """Plain questions."""

    form: forms.Form


@dataclass(frozen=True)
class GroupPart:
    """Questions asked several times: one form a row. `problems` are about the number of rows or all of them.

    `total` is what the rows should add up to, if anything; `sum` what they add up to so far.
    """

    group: Group
    rows: list[forms.Form]
    problems: list[Problem]
    total: str = ""
    sum: str = ""

    @property
    def next_path(self) -> str:
        """The first box of the row that “Add another” makes: where whoever presses it goes on."""
        return f"{self.group.name}.{len(self.rows)}.{self.group.fields[0].name}"


def typed_in(step: Step, data: QueryDict) -> tuple[dict[str, Any], dict[str, int], bool]:
    """(raw answers, rows shown per group, only rows were added or removed)."""
    typed: dict[str, Any] = {}
    shown: dict[str, int] = {}
    only_rows = False
    for spec in step.fields:
        if isinstance(spec, Group):
            rows, changed = rows_of(spec, data)
            typed[spec.name], shown[spec.name] = rows, len(rows)
            only_rows |= changed
        elif spec.kind is Kind.MULTIPLE:
            typed[spec.name] = data.getlist(spec.name)
        elif spec.kind is Kind.ACKNOWLEDGE:
            typed[spec.name] = bool(data.get(spec.name))
        elif spec.kind is Kind.DISTRICT and data.get(f"{spec.name}_{answers.UNLISTED}"):
            typed[spec.name] = answers.UNLISTED
        elif spec.name in data:
            typed[spec.name] = data[spec.name]
    return typed, shown, only_rows


def rows_of(group: Group, data: QueryDict) -> tuple[list[dict[str, str]], bool]:
    """The rows of a group in a POST, one more or less when the buttons for that were pressed."""
    rows = []
    for index in range(group.most):
        row = {spec.name: data.get(f"{group.name}-{index}-{spec.name}") for spec in group.fields}
        if all(value is None for value in row.values()):
            break
        rows.append({name: value for name, value in row.items() if value is not None})
    if data.get(ADD) == group.name and len(rows) < group.most:
        return [*rows, {}], True
    removed = data.get(REMOVE, "")
    removed_row = parse_int(removed.rpartition("-")[2])
    if removed.startswith(f"{group.name}-") and removed_row is not None:
        return [row for index, row in enumerate(rows) if index != removed_row], True
    return rows, False


def step_page(
    step: Step, raw: Answers, seen: Answers, problems: Iterable[Problem], shown: Mapping[str, int]
) -> list[FieldsPart | GroupPart]:
    """The parts of a page in order: runs of questions as one form, each group as rows of forms."""
    by_path: dict[str, list[Problem]] = {}
    for problem in problems:
        by_path.setdefault(problem.path, []).append(problem)
    parts: list[FieldsPart | GroupPart] = []
    run: list[Field] = []
    known = {**seen, **answers.as_typed(raw)}
    for spec in step.fields:
        if isinstance(spec, Field):
            run.append(spec)
            continue
        if run:
            parts.append(FieldsPart(_form(run, raw, known, by_path, "")))
            run = []
        parts.append(_group(spec, raw, known, by_path, shown))
    if run:
        parts.append(FieldsPart(_form(run, raw, known, by_path, "")))
    return parts


def asks_corners(step: Step) -> bool:
    """Is a question of this page about corners? Then its form may hold files of them, and there is a plot to draw."""
    asked = [field for spec in step.fields for field in (spec.fields if isinstance(spec, Group) else (spec,))]
    return any(field.kind is Kind.CORNERS for field in asked)


def asks_for_plot(service: ServiceType, step: Step) -> bool:
    """Does this page ask for the corners of the plot itself? They may be taken from a drawing."""
    return service.plot is not None and any(spec.name == service.plot.corners for spec in step.fields)


def _group(
    group: Group, raw: Answers, known: Answers, by_path: Mapping[str, list[Problem]], shown: Mapping[str, int]
) -> GroupPart:
    stored = raw.get(group.name)
    items: list[Answers] = [row if isinstance(row, dict) else {} for row in stored] if isinstance(stored, list) else []
    count = max(len(items), shown.get(group.name, group.least))
    rows = [
        _form(
            list(group.fields),
            items[index] if index < len(items) else {},
            known,
            by_path,
            f"{group.name}.{index}.",
            prefix=f"{group.name}-{index}",
        )
        for index in range(count)
    ]
    number, whole = group.adds_up
    unit = next((spec.unit for spec in group.fields if spec.name == number), "")
    written = sum((_number(item.get(number), unit) for item in items), Decimal(0))
    return GroupPart(group, rows, by_path.get(group.name, []), str(known.get(whole, "")), answers.canonical(written))


def _number(text: Any, unit: Any) -> Decimal:
    """What somebody wrote as a number of such units; nought while it is none."""
    try:
        return DecimalField(required=False, max_digits=12, unit=unit).clean(text) or Decimal(0)
    except forms.ValidationError:
        return Decimal(0)


def _form(
    specs: list[Field],
    raw: Answers,
    known: Answers,
    by_path: Mapping[str, list[Problem]],
    path: str,
    prefix: str | None = None,
) -> forms.Form:
    """An unbound form that shows what was typed, with the problems attached to each question."""
    form = answers.form_for(specs, known, prefix=prefix)
    form.initial = dict(raw)
    for spec in specs:
        if spec.kind is Kind.DISTRICT:
            form.initial[spec.name] = _district_name(str(raw.get(spec.name, "")))
            form[spec.name].unlisted = raw.get(spec.name) == answers.UNLISTED  # type: ignore[attr-defined]
    for name in form.fields:
        bound = form[name]
        bound.problems = by_path.get(f"{path}{name}", [])  # type: ignore[attr-defined]
        if bound.problems and not isinstance(bound.field.widget, forms.RadioSelect):  # type: ignore[attr-defined]
            hint = f" {bound.auto_id}_helptext" if bound.help_text else ""
            bound.field.widget.attrs |= {
                "aria-invalid": "true",
                "aria-describedby": f"{bound.auto_id}_error{hint}",
            }
    return form


def _district_name(code: str) -> str:
    if not code or code == answers.UNLISTED:
        return ""
    district = districts_by_code().get(code)
    return district.name if district else code
