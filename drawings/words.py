"""What was found, in words: sentences of the checks with their numbers, and where a rule stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from core.text import isolated
from municipality.models import Certainty

from .checks import Check, by_code
from .domain import rules
from .domain.layers import floor_order
from .domain.rules import RuleSet

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

UNITS: dict[int, StrOrPromise] = {
    6: gettext_lazy("metres"),
    4: gettext_lazy("millimetres"),
    5: gettext_lazy("centimetres"),
    2: gettext_lazy("feet"),
    1: gettext_lazy("inches"),
}
WRONG: dict[str, StrOrPromise] = {
    "slow": gettext_lazy("Checking it took too long. Leave out what does not belong to the template, and try again."),
    "memory": gettext_lazy("It is too large to check. Leave out what does not belong to the template, and try again."),
    "too_much": gettext_lazy(
        "There is more on the template's layers than can be checked. Leave only the outlines there, and try again."
    ),
    "broken": gettext_lazy("The file cannot be read. Save it again as DXF and check the new file."),
    "cut": gettext_lazy("The end of the file is missing. Save it again as DXF and check the new file."),
    "crashed": gettext_lazy("The file could not be checked. Save it again as a DXF of another version and try that."),
}


def number(value: float | None) -> str:
    """To the hundredth, without zeros at the end."""
    if value is None:
        return "–"
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def check_of(code: str) -> Check:
    return by_code()[code]


def _places(content: dict[str, Any]) -> dict[str, str]:
    extra = {name: isolated(str(value)) for name, value in content.get("extra", {}).items()}
    return {
        "meant": "",
        "text": "",
        **extra,
        "subject": _subject(str(content["subject"])),
        "required": number(content["required"]),
        "measured": number(content["measured"]),
    }


def _subject(subject: str) -> str:
    """A floor by its name, with its layer; anything else as it is written on the drawing."""
    if floor_order(subject) is None:
        return isolated(subject)
    return f"{figure_label(subject)} ({isolated(subject)})"


def sentence(content: dict[str, Any]) -> str:
    return str(check_of(content["code"]).message) % _places(content)


def mend(content: dict[str, Any]) -> str:
    check = check_of(content["code"])
    if check.code == "layer-name" and not content.get("extra", {}).get("meant"):
        return _("Use a name of the template, or one that does not begin with JM-.")
    return str(check.mend) % _places(content)


@dataclass(frozen=True)
class ShownRule:
    """Where a rule stands and what it is worth."""

    clause: str
    path: str
    source: str
    title: str
    certainty: str
    required: str


def _in_language(words: dict[str, str]) -> str:
    return words["ar" if get_language() == "ar" else "en"]


def shown_rule(rule_set: str, content: dict[str, Any]) -> ShownRule | None:
    """None for what needs no rule: how the drawing itself is made, or what was typed."""
    results = rules.by_code(rule_set).rules.get(content["rule"])
    if results is None:
        return None
    held = rules.by_code(rule_set)
    return ShownRule(
        _in_language(results.clause),
        results.path,
        _in_language(held.source),
        _in_language(held.title),
        str(Certainty(results.certainty).label),
        number(content["required"]),
    )


def title_of(rule_set: RuleSet) -> str:
    return _in_language(rule_set.title)


def source_of(rule_set: RuleSet) -> str:
    return _in_language(rule_set.source)


def note(content: dict[str, Any]) -> str:
    """What was taken one way, told."""
    figure, subject = number(content["figure"]), isolated(content["subject"])
    if content["code"] == "closed":
        words = _("An outline on %(subject)s was open by %(figure)s m and was closed.")
    elif content["code"] == "doubles":
        words = _("Outlines drawn twice were counted once: %(figure)s.")
    elif content["code"] == "skipped":
        words = _("Entities without readable coordinates were left out: %(figure)s.")
    elif content["code"] == "unit-taken":
        unit = content["subject"]
        subject = str(UNITS.get(int(unit) if unit.isdecimal() else 0, unit))
        words = _("The drawing was taken to be in %(subject)s.")
    else:
        words = _("No north arrow is drawn on %(subject)s.")
    return words % {"figure": figure, "subject": subject}


def figure_label(name: str) -> str:
    """What a measured figure is of."""
    if name == "plot":
        return _("Plot area")
    if name == "bays":
        return _("Parking bays")
    if name.startswith("part "):
        return _("Part %(number)s") % {"number": name.removeprefix("part ")}
    order = floor_order(name)
    if order is None:
        return name
    if order == 0:
        return _("Ground floor")
    if order < 0:
        return _("Basement %(number)s") % {"number": -order}
    return _("Upper annex") if name.endswith("ROOF") else _("Floor %(number)s") % {"number": order}
