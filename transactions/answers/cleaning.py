"""Answers: one door through which pages, counter and API have what was typed checked against a service's questions.

Raw answers are JSON values as typed (`{"area_m2": "٦٢٥", "parts": [{"area_m2": "300"}]}`). Clean answers are
canonical JSON: western digits, decimals as text, dates ISO Gregorian, choices and district codes as declared.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any, TypeVar

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from core.forms.fields import CapitalsField, CodeField, DateField, DecimalField, IntegerField, LineField, on_day
from core.forms.named_errors import NAMED, name_errors
from core.numbers import canonical_number
from core.text import isolated
from municipality.district_names import is_one_edit_apart, name_keys, search_keys
from municipality.models import District
from municipality.services import districts_by_code

from ..domain.errors import Problem
from ..domain.service_types import Answers, Field, Group, Kind, ServiceType, Step
from .corners import CornersField

UNLISTED = "unlisted"
Spec = TypeVar("Spec", bound=Field | Group)


class DistrictField(LineField):
    """A district by code or by its name in either script; `unlisted` says it is on no list."""

    def to_python(self, value: Any) -> str:
        text = super().to_python(value)
        if not text or text == UNLISTED:
            return text
        if text in districts_by_code():
            return text
        exact, near = _districts_named(text)
        if exact:
            return exact.code
        if near:
            names = _(", ").join(isolated(d.name) for d in near[:6])
            raise forms.ValidationError(
                _("Which district do you mean: %(names)s?") % {"names": names}, code="district_ambiguous"
            )
        raise forms.ValidationError(
            _("No district has this name. Choose one from the list, or say that yours is not on it."),
            code="district_unknown",
        )


def find_district(typed: str) -> tuple[District | None, str]:
    """The district somebody means, by code or name; without one, why not, in words."""
    try:
        code = DistrictField().to_python(typed)
    except forms.ValidationError as refused:
        return None, str(refused.messages[0])
    return districts_by_code().get(code), ""


def _districts_named(text: str) -> tuple[District | None, list[District]]:
    """The one district of this name, if it is one; else those whose name holds it, or is it but for a letter."""
    named = [(d, [name_keys(name) for name in (d.name_ar, d.name_en)]) for d in districts_by_code().values()]
    wanted = search_keys(text)
    for level, key in wanted:
        exact = [d for d, names in named if any(key in (name[level], name[3]) for name in names)]
        if len(exact) == 1:
            return exact[0], []
        if exact:
            return None, exact
    for fits in (lambda key, name: key in name, is_one_edit_apart):
        matches = [
            d
            for d, names in named
            if any(fits(key, name[level]) for level, key in wanted if len(key) > 2 for name in names)
        ]
        if matches:
            return None, matches
    return None, []


class FirstIsNamed:
    """The first choice has the id of the question, so that a link to the question reaches it."""

    def id_for_label(self, id_: str, index: str | None = None) -> str:
        return id_ if index == "0" else super().id_for_label(id_, index)  # type: ignore[misc]


class RadioSelect(FirstIsNamed, forms.RadioSelect): ...


class CheckboxSelectMultiple(FirstIsNamed, forms.CheckboxSelectMultiple): ...


class SeveralField(forms.MultipleChoiceField):
    """One or several choices, each once, in the order in which they are offered."""

    widget = CheckboxSelectMultiple

    def __init__(self, *, least: int | None, most: int | None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.least, self.most = least, most

    def to_python(self, value: Any) -> list[str]:
        chosen = super().to_python(value)
        strangers = [item for item in chosen if not self.valid_value(item)]
        offered = [str(code) for code, _label in self.widget.choices]
        return [*strangers, *(code for code in offered if code in chosen)]

    def validate(self, value: list[str]) -> None:
        super().validate(value)
        if self.most is not None and len(value) > self.most:
            words = ngettext("Choose at most %(n)d.", "Choose at most %(n)d.", self.most) % {"n": self.most}
            raise forms.ValidationError(words, code="too_many")
        if value and self.least is not None and len(value) < self.least:
            words = ngettext("Choose at least %(n)d.", "Choose at least %(n)d.", self.least) % {"n": self.least}
            raise forms.ValidationError(words, code="too_few")


def _as_int(bound: Decimal | int | None) -> int | None:
    return None if bound is None else int(bound)


# For checking alone: building a field costs more than using it. Its words are in the language of whoever reads them.
_checking = cache(lambda spec: _form_field(spec))


def _form_field(spec: Field) -> Any:
    common: dict[str, Any] = {"label": spec.label, "help_text": spec.hint, "required": spec.required}
    field: Any  # a form field that also says its unit and kind to the templates
    match spec.kind:
        case Kind.TEXT:
            if spec.pattern:
                check = RegexValidator(spec.pattern, spec.pattern_message or None, code="pattern")
                field = CapitalsField(max_length=spec.max_length, validators=[check], **common)
            else:
                box = CodeField if spec.code else LineField
                field = box(max_length=spec.max_length, **common)
        case Kind.INTEGER:
            low, high = _as_int(spec.low), _as_int(spec.high)
            field = IntegerField(unit=spec.unit, min_value=low, max_value=high, **common)
        case Kind.DECIMAL:
            places = {"max_digits": 12, "decimal_places": 2}
            field = DecimalField(unit=spec.unit, min_value=spec.low, max_value=spec.high, **places, **common)
        case Kind.DATE:
            field = DateField(earliest=spec.earliest, latest=spec.latest, **common)
        case Kind.CHOICE:
            widget = RadioSelect if len(spec.choices) <= 5 else forms.Select
            choices = spec.choices if widget is RadioSelect else (("", gettext_lazy("Choose")), *spec.choices)
            field = forms.ChoiceField(choices=choices, widget=widget, **common)
        case Kind.MULTIPLE:
            field = SeveralField(choices=spec.choices, least=_as_int(spec.low), most=_as_int(spec.high), **common)
        case Kind.DISTRICT:
            field = DistrictField(max_length=80, **common)
            field.widget = forms.TextInput(attrs={"list": "districts", "autocomplete": "off", "data-combobox": ""})
        case Kind.ACKNOWLEDGE:
            field = forms.BooleanField(**common)
        case Kind.CORNERS:
            field = CornersField(**common)
    if spec.empty:
        field.error_messages["required"] = spec.empty
    field.unit, field.kind, field.help, field.sample = spec.unit, spec.kind, spec.help, spec.sample
    # Every choice in sight takes room.
    field.is_wide = isinstance(field.widget, forms.RadioSelect) or spec.kind is Kind.CORNERS
    name_errors(field, spec.label)
    return field


def _asked(specs: Iterable[Spec], answers: Answers) -> list[Spec]:
    return [spec for spec in specs if spec.when is None or spec.when(answers)]


def form_for(specs: Iterable[Field], answers: Answers, prefix: str | None) -> forms.Form:
    """A Django form that shows these questions with their `answers`."""
    form = forms.Form(initial=dict(answers), prefix=prefix)
    form.fields.update({spec.name: _form_field(spec) for spec in _asked(specs, answers)})
    return form


@dataclass(frozen=True)
class CleanedAnswers:
    """`values` are canonical JSON answers of what was right; `problems` name everything that was not."""

    values: dict[str, Any]
    problems: tuple[Problem, ...]


def canonical(value: Any) -> Any:
    """JSON form of a clean value: decimals without trailing zeros, dates ISO."""
    if isinstance(value, Decimal):
        return canonical_number(value)
    return value.isoformat() if isinstance(value, date) else value


def _clean_fields(
    specs: Sequence[Field], raw: Answers, seen: Answers, path: str = "", item: str = ""
) -> CleanedAnswers:
    """`path` and `item` say which entry of a repeated group this is, to the program and to people.

    A sentence that says what it is about (named_errors.NAMED) needs no label before it.
    """
    typed = {name: value for name, value in raw.items() if value is not None}
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for spec in _asked(specs, seen):
        field = _checking(spec)
        try:
            value = field.clean(field.widget.value_from_datadict(typed, {}, spec.name))
        except forms.ValidationError as refused:
            label = " – ".join(filter(None, (item, str(spec.label).rstrip("."))))
            for error in refused.error_list:
                label_shown = item if error.code in NAMED else label
                problems.append(Problem(f"{path}{spec.name}", error.messages[0], error.code or "invalid", label_shown))
        else:
            if value not in (None, "", []):
                values[spec.name] = canonical(value)
    return CleanedAnswers(values, tuple(problems))


def _clean_group(group: Group, raw: Any, seen: Answers) -> CleanedAnswers:
    items = raw if isinstance(raw, list) else []
    if not group.least <= len(items) <= group.most:
        message = ngettext(
            "Give at least %(least)d entry and at most %(most)d.",
            "Give at least %(least)d entries and at most %(most)d.",
            group.least,
        ) % {"least": group.least, "most": group.most}
        return CleanedAnswers({}, (Problem(group.name, message, "count"),))
    cleaned: list[dict[str, Any]] = []
    problems: list[Problem] = []
    for index, item in enumerate(items):
        raw_item = item if isinstance(item, dict) else {}
        place = f"{group.item_label} {index + 1}"
        item_values = _clean_fields(group.fields, raw_item, seen, f"{group.name}.{index}.", place)
        cleaned.append(item_values.values)
        problems += item_values.problems
    return CleanedAnswers({group.name: cleaned}, tuple(problems))


def clean_step(step: Step, raw: Answers, seen: Answers) -> CleanedAnswers:
    """Check one page. `seen` are the clean answers of the pages before it, which decide what is asked."""
    asked = _asked(step.fields, {**seen, **as_typed(raw)})
    result = _clean_fields([spec for spec in asked if isinstance(spec, Field)], raw, {**seen, **_scalars(raw)})
    values, problems = dict(result.values), list(result.problems)
    for group in asked:
        if isinstance(group, Group):
            part = _clean_group(group, raw.get(group.name), seen)
            values.update(part.values)
            problems += part.problems
    return CleanedAnswers(values, tuple(problems))


# Their answers are kept as they are understood; others (days, districts) as they are written, which is how people
# know them again.
_TIDY = frozenset([Kind.TEXT, Kind.INTEGER, Kind.DECIMAL])


def tidy_step(step: Step, raw: Answers, clean: Answers) -> dict[str, Any]:
    """The raw answers of a page with numbers and texts in their canonical form where they were right."""
    result = dict(raw)
    for spec in step.fields:
        if isinstance(spec, Group):
            typed = raw.get(spec.name)
            rows = zip(typed if isinstance(typed, list) else (), clean.get(spec.name, ()), strict=False)
            tidy = [_tidy_fields(spec.fields, row, good) if isinstance(row, dict) else row for row, good in rows]
            if tidy:
                result[spec.name] = tidy
    return _tidy_fields([spec for spec in step.fields if isinstance(spec, Field)], result, clean)


def _tidy_fields(specs: Iterable[Field], raw: Answers, clean: Answers) -> dict[str, Any]:
    return {**raw, **{spec.name: str(clean[spec.name]) for spec in specs if spec.kind in _TIDY and spec.name in clean}}


def clean_until(service: ServiceType, raw: Answers, stop: Step) -> dict[str, Any]:
    """The clean answers of the pages before `stop`."""
    values: dict[str, Any] = {}
    for step in service.steps:
        if step.code == stop.code:
            break
        values.update(clean_step(step, raw, values).values)
    return values


def as_typed(raw: Answers) -> dict[str, Any]:
    """What a page holds of plain questions, for those that depend on them: texts, and choices of several."""
    return {name: value for name, value in raw.items() if isinstance(value, str) or _is_several(value)}


def _is_several(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _scalars(raw: Answers) -> dict[str, Any]:
    return {name: value for name, value in raw.items() if _is_several(value) or not isinstance(value, list | dict)}


def clean_answers(service: ServiceType, raw: Answers, today: date) -> CleanedAnswers:
    """Check a whole request as it is given on this day: every page in order, then what only shows across pages. Names
    every problem at once.
    """
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    with on_day(today):
        for step in service.steps:
            part = clean_step(step, raw, values)
            values.update(part.values)
            problems += part.problems
    for unknown in sorted(set(raw) - {spec.name for spec in service.fields()}):
        problems.append(Problem(unknown, _("This service has no such question."), "unknown_field"))
    if not problems:
        problems += service.check(values, today)
    return CleanedAnswers(values, tuple(problems))
