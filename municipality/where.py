"""Which district holds a plot, and what ground lies in a part of the map. No query but for shapes that this process has
not read yet: which outlines are in force is read with the districts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from plots.geometry import Outline
from plots.grid import Box
from plots.ground import can_be_compared, shared_with

from .models import District, GroundOutline
from .services import districts_by_code

# A smaller share of a plot comes of two surveys of one line (assumed).
MIN_SHARE = 0.02
# By their digest, so that nothing here is ever stale. A city has some two hundred districts.
_MAX_READ = 600
_texts: dict[str, str] = {}


@dataclass(frozen=True)
class Held:
    """How much of a plot a district holds, from 0 to 1."""

    district: District
    share: float


def districts_of(plot: Outline | None) -> list[Held]:
    """The districts that hold a plot, the largest share first; none where no outline is known or it bounds no area."""
    if plot is None or not can_be_compared(plot):
        return []
    held = [Held(district, shared_with(plot, text) / plot.area) for district, text in _with_shapes(_touching(plot.box))]
    return sorted((each for each in held if each.share >= MIN_SHARE), key=lambda each: -each.share)


def ground_in(frame: Box) -> list[tuple[str, str]]:
    """(name, shape) of the districts that may lie in a frame; plots.ground.sketch draws them."""
    return [(district.name, text) for district, text in _with_shapes(_touching(frame))]


def _outline_of(district: District) -> GroundOutline | None:
    return getattr(district, "outline", None)


def _touching(box: Box) -> Iterator[tuple[District, GroundOutline]]:
    for district in districts_by_code().values():
        outline = _outline_of(district)
        if outline is not None and _meet(box, (outline.west, outline.south, outline.east, outline.north)):
            yield district, outline


def _meet(box: Box, other: Box) -> bool:
    return box[0] <= other[2] and other[0] <= box[2] and box[1] <= other[3] and other[1] <= box[3]


def _with_shapes(touching: Iterable[tuple[District, GroundOutline]]) -> list[tuple[District, str]]:
    pairs = list(touching)
    unread = [outline.pk for _district, outline in pairs if outline.digest not in _texts]
    if unread:
        if len(_texts) + len(unread) > _MAX_READ:
            _texts.clear()
            unread = [outline.pk for _district, outline in pairs]
        _texts.update(GroundOutline.objects.filter(pk__in=unread).values_list("digest", "shape"))
    return [(district, _texts[outline.digest]) for district, outline in pairs if outline.digest in _texts]
