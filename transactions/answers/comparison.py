"""Two versions of the answers beside each other: what is different, as data and in words. No rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from html import unescape
from typing import TYPE_CHECKING, Any

from django.utils.html import strip_tags
from django.utils.translation import gettext as _

from ..domain.service_types import Answers, Field, Group, Kind, ServiceType
from .corners import corners_in_words
from .summary import in_words

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True)
class Change:
    """One answer that is different. `path` names it as problems do (`parts.0.area_m2`); the rest is in words."""

    path: str
    label: StrOrPromise
    before: object
    after: object


def differences(service: ServiceType, before: Answers, after: Answers) -> list[dict[str, Any]]:
    """Every answer that is different, in the order of the questions: path, before, after. To be kept with an event."""
    changes = []
    for spec in service.fields():
        pairs = _pairs(spec, before.get(spec.name), after.get(spec.name))
        changes += [{"path": path, "before": old, "after": new} for path, old, new in pairs if old != new]
    return changes


def _pairs(spec: Field | Group, before: Any, after: Any) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(spec, Field):
        yield spec.name, before, after
        return
    old, new = before or [], after or []
    for number in range(max(len(old), len(new))):
        was, now = (items[number] if number < len(items) else {} for items in (old, new))
        for field in spec.fields:
            yield f"{spec.name}.{number}.{field.name}", was.get(field.name), now.get(field.name)


def in_readers_words(service: ServiceType, raw_changes: Iterable[Mapping[str, Any]]) -> list[Change]:
    """Differences in the reader's language. A question the service asks no more is left out."""
    specs: dict[str, Field | Group] = {spec.name: spec for spec in service.fields()}
    changes = []
    for item in raw_changes:
        name, *rest = str(item["path"]).split(".")
        spec: Field | Group | None = specs.get(name)
        label: StrOrPromise = spec.label if spec else ""
        if isinstance(spec, Group) and len(rest) == 2:
            inner = next((field for field in spec.fields if field.name == rest[1]), None)
            label = f"{spec.item_label} {int(rest[0]) + 1} – {inner.label}" if inner else ""
            spec = inner
        if isinstance(spec, Field):
            before, after = _value_in_words(spec, item["before"]), _value_in_words(spec, item["after"])
            changes.append(Change(str(item["path"]), label, before, after))
    return changes


def _value_in_words(field: Field, value: Any) -> object:
    """Corners are listed: those of two versions may enclose the same area."""
    listed = corners_in_words(value, listed=True) if field.kind is Kind.CORNERS and value else None
    return listed or in_words(field, value)


def describe_change(change: Change) -> str:
    """One difference as a line of plain text, for a notice."""
    words = {"question": change.label, "before": plain_text(change.before), "after": plain_text(change.after)}
    return _("%(question)s: was %(before)s, is now %(after)s") % words


def plain_text(value: object) -> str:
    """An answer in words without its markup; what was typed holds no tags of ours."""
    return unescape(strip_tags(str(value)))
