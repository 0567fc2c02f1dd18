"""How much looking at documents may cost: what is kept of a file, and what one person has drawn and kept in an hour."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict, defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from core.units import MIB

from .. import previews
from ..models import Attachment

logger = logging.getLogger(__name__)
# Of a file; two A0 sheets as close as one can look have about 1,500. What is more is drawn each time.
MAX_KEPT = 2_000
# Of a person in an hour, in each process of the portal: seconds of drawing, and bytes of tiles that are kept.
DRAWING_SECONDS = 900
KEPT_BYTES = 300 * MIB
# Of tiles that are not kept, in bytes: as much as a process that draws holds, and as long as it is there.
HELD_BYTES = 16 * MIB

# As the renderer cuts pages (renderer/tiles.py).
SIDE, THUMBNAIL = 1024, 256

# Which layers of a DXF are shown, by their numbers in order; None: those the drawing itself shows.
Layers = tuple[int, ...] | None


class Undrawable(Exception):
    """This cannot be drawn, now or at all."""


def chosen_layers(known: Any, asked: Collection[int]) -> Layers:
    """One answer for each set of layers, however it was asked for. Undrawable when the drawing has no such layer."""
    if not isinstance(known, list) or not all(isinstance(layer, dict) for layer in known):
        raise Undrawable
    wanted = tuple(sorted(set(asked)))
    if not set(wanted) <= set(range(len(known))):
        raise Undrawable
    shown = tuple(number for number, layer in enumerate(known) if layer.get("shown"))
    return None if wanted == shown else wanted


def is_tile(runs: Iterable[tuple[int, int, int, float]], page: int, level: int, across: int, down: int) -> bool:
    """Has the page a tile there? Asking for one that it has not is no fault of the page."""
    for many, width, height, _scale in runs:
        page -= many
        if page <= 0:
            levels = max(0, -(-max(width, height) // THUMBNAIL) - 1).bit_length()
            side = SIDE << max(0, levels - level)
            return 0 <= level <= levels and 0 <= across * side < width and 0 <= down * side < height
    return False


class HourlyShare:
    """So much for each person in an hour, counted by this process."""

    def __init__(self, most: float) -> None:
        self.most = most
        self._hour = 0
        self._used = defaultdict[int, float](float)
        self._lock = threading.Lock()

    def has_left(self, person: int, amount: float = 0) -> bool:
        with self._lock:
            return self._of_this_hour()[person] + amount <= self.most

    def use(self, person: int, amount: float) -> None:
        with self._lock:
            self._of_this_hour()[person] += amount

    def forget(self) -> None:
        with self._lock:
            self._used.clear()

    def _of_this_hour(self) -> defaultdict[int, float]:
        hour = int(time.monotonic() // 3600)
        if hour != self._hour:
            self._hour, self._used = hour, defaultdict(float)
        return self._used


drawing, keeping = HourlyShare(DRAWING_SECONDS), HourlyShare(KEPT_BYTES)


class Held:
    """Tiles that are not kept: the newest of them, up to HELD_BYTES."""

    def __init__(self) -> None:
        self._tiles = OrderedDict[str, bytes]()
        self._lock = threading.Lock()

    def get(self, name: str) -> bytes:
        """Empty when it is not there."""
        with self._lock:
            return self._tiles.get(name, b"")

    def put(self, tiles: Mapping[str, bytes]) -> None:
        with self._lock:
            self._tiles.update(tiles)
            while sum(map(len, self._tiles.values())) > HELD_BYTES:
                self._tiles.popitem(last=False)


def keep(file: Attachment, person: int, drawn: Mapping[str, bytes]) -> bool:
    """Keep tiles for all who look later; False when there is no more room for them, or the store takes none."""
    size = sum(map(len, drawn.values()))
    if not keeping.has_left(person, size) or not has_room(file):
        return False
    keeping.use(person, size)
    try:
        previews.store_previews(file.key, drawn)
    except OSError:
        logger.warning("tiles could not be kept", extra={"file": str(file.key)}, exc_info=True)
        return False
    return True


def has_room(file: Attachment) -> bool:
    return previews.tiles_kept(file.key) < MAX_KEPT
