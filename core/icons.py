"""The icons that pages show beside words, by what they mean here; drawn by lucide, built into one file.

`manage.py build_icons` takes them out of the installed package. An icon is never alone: whatever it stands beside says
the same in words, so all of them are hidden from who is read to.
"""

from __future__ import annotations

from pathlib import Path
from zipfile import ZipFile

import lucide

SPRITE = "img/icons.svg"
ICONS = {
    "bell": "bell",
    "call": "phone",
    "centre": "building-2",
    "channel": "monitor-smartphone",
    "clock": "clock",
    "copy": "copy",
    "demo": "flask-conical",
    "done": "circle-check",
    "down": "chevron-down",
    "electricity": "plug-zap",
    "fee": "banknote",
    "file": "file-text",
    "language": "globe",
    "lock": "lock",
    "mail": "mail",
    "menu": "menu",
    "no": "thumbs-down",
    "official": "landmark",
    "permit": "brick-wall",
    "person": "user-round",
    "place": "map-pin",
    "print": "printer",
    "search": "search",
    "share": "share-2",
    "shop": "store",
    "sign-in": "log-in",
    "sign-out": "log-out",
    "subdivision": "land-plot",
    "whom": "users-round",
    "yes": "thumbs-up",
}


def sprite() -> str:
    """All icons as one SVG, each a symbol with the name it has here."""
    with ZipFile(Path(lucide.__file__).with_name("lucide.zip")) as drawn:
        symbols = [_symbol(name, drawn.read(f"{source}.svg").decode()) for name, source in ICONS.items()]
    return f'<svg xmlns="http://www.w3.org/2000/svg">{"".join(symbols)}</svg>\n'


def _symbol(name: str, svg: str) -> str:
    inner = svg[svg.index("\n>") + 2 : svg.rindex("</svg>")]
    lines = "".join(line.strip() for line in inner.splitlines())
    return f'<symbol id="{name}" viewBox="0 0 24 24">{lines}</symbol>'
