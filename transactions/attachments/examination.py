"""What is found out about a file when it arrives: is it whole, can it be shown, does it act by itself, a virus."""

from __future__ import annotations

import io
import logging
from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock
from typing import IO, Any, NoReturn

from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from core.text import isolated

from ..domain import kinds
from ..domain.errors import Invalid, Problem
from ..domain.service_types import PHOTO
from . import rendering, scanning
from .rendering import Rendering

logger = logging.getLogger(__name__)
# The same paper is often sent for two documents, or twice in a row.
MAX_REMEMBERED = 32
_results: OrderedDict[tuple[str, str], Rendering] = OrderedDict()
_lock = Lock()


@dataclass
class Examination:
    """What goes into the file's row, and pictures of its first page. `look` is empty when there was no time."""

    look: str = ""
    pages: int | None = None
    marks: str = ""
    scanned: str = ""
    pictures: dict[str, bytes] = field(default_factory=dict)


def examine(upload: UploadedFile[Any], *, document: str, name: str, kind: str, sha256: str, sender: int) -> Examination:
    """Invalid with what is wrong with the file and what to do; every file that cannot be read is refused so."""
    upload.seek(0)
    scanned = scanning.scan(_stream(upload))
    if scanned == scanning.INFECTED:
        message = _("A virus was found in “%(name)s”. None of it was kept. Clean your computer, then send it again.")
        refuse(document, message % {"name": isolated(name)}, "file_infected")
    if kind == kinds.DWG:
        upload.seek(0)
        if not kinds.dwg_is_whole(upload.read(kinds.SNIFFED), upload.size or 0):
            refuse(document, words_of("broken", name, kind, {}), "file_broken")
        return Examination(look=rendering.GOOD, pages=0, scanned=scanned)
    result = _remembered(sha256, kind) or _draw(upload, kind, sha256, sender)
    if result is None:
        return Examination(scanned=scanned)
    if result.wrong in rendering.REFUSED:
        refuse(document, words_of(result.wrong, name, kind, result.figures), code_of(result.wrong, kind))
    pages = 0 if result.wrong else result.pages
    return Examination(result.look, pages, " ".join(sorted(result.marks)), scanned, result.pictures)


def _stream(upload: UploadedFile[Any]) -> IO[bytes]:
    return upload.file if upload.file is not None else io.BytesIO(upload.read())


def _remembered(sha256: str, kind: str) -> Rendering | None:
    with _lock:
        result = _results.get((sha256, kind))
        if result is not None:
            _results.move_to_end((sha256, kind))
        return result


def _draw(upload: UploadedFile[Any], kind: str, sha256: str, sender: int) -> Rendering | None:
    """None when no place to draw was free in time, or the machine too busy: it is drawn in the background."""
    with rendering.slots.one_for(sender, rendering.WAIT_SECONDS) as free:
        if not free:
            return None
        rendering_result = rendering.render(_stream(upload), kind)
    later = kind == kinds.DXF and rendering_result.wrong in rendering.UNDRAWN
    if rendering_result.wrong == rendering.OVERLOADED or later:
        # In the background a drawing may take longer.
        return None
    if rendering_result.wrong not in rendering.UNDRAWN:
        with _lock:
            _results[sha256, kind] = rendering_result
            while len(_results) > MAX_REMEMBERED:
                _results.popitem(last=False)
    else:
        logger.warning("a file could not be drawn", extra={"why": rendering_result.wrong, "sha256": sha256})
    return rendering_result


def forget() -> None:
    """What this process remembers of files."""
    with _lock:
        _results.clear()


def refuse(document: str, message: str, code: str) -> NoReturn:
    raise Invalid([Problem(f"documents.{document}", message, code)])


def code_of(wrong: str, kind: str) -> str:
    """The code of a refusal, for machines."""
    if wrong == "too_large":
        return "picture_too_large"
    return "image_broken" if kind in PHOTO else f"file_{wrong}"


def words_of(wrong: str, name: str, kind: str, figures: dict[str, int]) -> str:
    """Why a file cannot be read, and what to do about it."""
    if wrong == "too_large":
        message = _(
            "“%(name)s” has %(megapixels)d megapixels; we can read up to %(most)d of this kind. Save it at a "
            "smaller size, or as an ordinary JPEG, and send that."
        )
    elif wrong == "cut":
        message = _("“%(name)s” is incomplete: the end of it is missing. Take it from its source and send it again.")
    elif wrong == "locked":
        message = _("“%(name)s” is locked with a password. Save a copy without a password and send that.")
    elif wrong == "package":
        message = _("“%(name)s” is a package that contains several files. Send the files in it one by one.")
    elif wrong == "form":
        message = _(
            "“%(name)s” is a form that only the program it was made for can show. Open it there, print it to PDF, and "
            "send that."
        )
    elif kind in PHOTO:
        message = _("“%(name)s” cannot be read as a picture. Save it again and try once more.")
    else:
        message = _(
            "“%(name)s” cannot be opened: it is damaged. Save it again in the program it was made in, and send that."
        )
    return message % {"name": isolated(name), **figures}
