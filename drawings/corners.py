"""Corners of a plot out of drawings that were measured: closed outlines on the template's layers, in metres."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from core.forms.concurrency import fingerprint
from plots.geometry import MAX_CORNERS, Outline, Point, lies_here, outline_of, written
from transactions.domain import kinds
from transactions.domain.errors import DomainError
from transactions.domain.service_types import ServiceType, Step
from transactions.intake import drafts
from transactions.intake.answer_forms import asks_for_plot
from transactions.models import Draft

from . import asking
from .domain.finding import NO_UNIT
from .domain.layers import Role
from .models import DrawingCheck

# Outlines of these may be a plot; of one drawing so many are offered, the largest first.
LAYERS = (Role.PLOT, Role.PART)
MAX_OFFERED = 20


@dataclass(frozen=True)
class Offered:
    """A closed outline of a drawing: its place among those of its file, its layer, and why it cannot be taken: `far`
    where it does not lie in the municipality by its coordinates, `many` corners, or nothing.
    """

    number: int
    layer: str
    outline: Outline
    why_not: str

    @property
    def seen(self) -> str:
        """A mark of its corners: a drawing may be measured anew between a look and a press."""
        return fingerprint({"corners": written(self.outline.corners)})


@dataclass(frozen=True)
class Source:
    """A drawing that outlines may be taken from. `waits`: it is not measured yet; `asks_unit`: it states no unit."""

    check: DrawingCheck
    offered: tuple[Offered, ...]

    @property
    def waits(self) -> bool:
        return self.check.state == DrawingCheck.State.WAITING

    @property
    def asks_unit(self) -> bool:
        return self.check.state == DrawingCheck.State.DONE and self.check.result.get("state") == NO_UNIT


def sources_of(draft: Draft, user: User) -> list[Source]:
    """The drawings of a draft, and those that whoever writes it had checked without a request; the latest first."""
    attached = DrawingCheck.objects.filter(attachment__draft=draft, attachment__removed_at=None)
    attached = attached.filter(attachment__content_type=kinds.DXF).select_related("attachment")
    checks = [*attached[: asking.MAX_KEPT], *asking.checks_of(user)]
    return [Source(check, tuple(offered_in(check))) for check in checks]


def offered_in(check: DrawingCheck) -> Iterator[Offered]:
    """The closed outlines of a measured drawing, those on the plot's layer first, each kind the largest first."""
    result = check.result
    metres, origin = result.get("metres"), result.get("origin") or (0.0, 0.0)
    if check.state != DrawingCheck.State.DONE or not metres:
        return
    outlines = []
    for line in result.get("plan", ()):
        if line["closed"] and line["layer"] in LAYERS:
            points = [Point(origin[0] * metres + x, origin[1] * metres + y) for x, y in line["points"]]
            outlines.append((LAYERS.index(line["layer"]), line["layer"], outline_of(points)))
    outlines.sort(key=lambda each: (each[0], -each[2].area))
    for number, (_order, layer, outline) in enumerate(outlines[:MAX_OFFERED], start=1):
        why_not = "many" if len(outline.corners) > MAX_CORNERS else "" if lies_here(outline.corners) else "far"
        yield Offered(number, layer, outline, why_not)


def corners_step(service: ServiceType) -> Step | None:
    """The page on which a service asks for the corners of the plot."""
    return next((step for step in service.steps if asks_for_plot(service, step)), None)


@transaction.atomic
def take_corners(
    draft: Draft, source: Source, number: int, seen: str, *, by: User, now: datetime | None = None
) -> None:
    """Write an outline into a draft in place of the corners that it has. DomainError `drawing_changed` where it is not
    the outline any more that bore the mark `seen`, and as `drafts.save_step`.
    """
    step = corners_step(draft.service_type)
    chosen = next((each for each in source.offered if each.number == number and not each.why_not), None)
    if step is None or draft.service_type.plot is None or chosen is None or chosen.seen != seen:
        raise DomainError("drawing_changed", _("This outline is not in the drawing any more. Nothing was changed."))
    locked = drafts.lock_to_write(draft, by)
    typed = drafts.answers_of(locked, [step]) | {draft.service_type.plot.corners: written(chosen.outline.corners)}
    drafts.save_step(draft, step, typed, by=by, now=now)
