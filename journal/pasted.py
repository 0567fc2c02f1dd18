"""A token out of what people paste: line breaks, spaces, marks, a whole address, a letter around it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote

from core.text import without_marks

MAX_CHARACTERS = 20_000
_SOFT_BREAK = re.compile(r"=[ \t]*\r?\n[>\s]*")  # of quoted-printable mail
_QUOTED = re.compile(r"\n[>|\s]+")
_PLACE = re.compile(r"(?:/verify/|[?&]code=)(?:=?3D)?([^/?&#<>\"]+)")
_LONGEST = re.compile(r"[A-Za-z0-9_-]{100,}")
_DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2015\u2212\ufe58\ufe63\uff0d"), "-")
_FOREIGN = re.compile(r"[^A-Za-z0-9_-]")


def find_tokens(text: str) -> Iterator[str]:
    """What the token may be, the likeliest first; each of characters a token has, none empty."""
    if len(text) > MAX_CHARACTERS:
        return
    # A phone makes one long dash of two, a mail program may make one of one.
    for long_dash in ("--", "-") if "\u2014" in text else ("",):
        plain = without_marks(text.translate(_DASHES).replace("\u2014", long_dash)).replace("=3D", "=")
        joined = re.sub(r"\s", "", _QUOTED.sub("", _SOFT_BREAK.sub("", plain)))
        candidates = [*_PLACE.findall(unquote(joined)), joined.rstrip("/").rsplit("/", 1)[-1], *_LONGEST.findall(plain)]
        for candidate in dict.fromkeys(_FOREIGN.sub("", candidate) for candidate in candidates):
            if candidate:
                yield candidate
