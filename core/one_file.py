"""A page that is kept as one HTML file, with its styles and script inside.

Its content security policy names both by their digests and lets it fetch nothing.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from django.contrib.staticfiles import finders
from django.template.loader import render_to_string

_FONT_FILE = re.compile(r"@font-face\s*{[^}]*url\([^}]*}")


def render(template: str, context: Mapping[str, Any], *, styles: Iterable[str], scripts: Iterable[str] = ()) -> str:
    """The page as text. `styles` and `scripts` are names of static files; the template gets their content and `policy`.

    Faces of letters that would be fetched are left out. FileNotFoundError when a static file is missing.
    """
    style = "\n".join(_FONT_FILE.sub("", _static(name)) for name in styles)
    code = "\n".join(_static(name) for name in scripts)
    allowed = f"'{_digest(code)}'" if code else "'none'"
    policy = (
        f"default-src 'none'; style-src '{_digest(style)}'; script-src {allowed}; "
        "media-src blob:; img-src blob: data:; form-action 'none'; base-uri 'none'"
    )
    return render_to_string(template, {**context, "policy": policy, "styles": style, "script": code})


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _static(name: str) -> str:
    path = finders.find(name)
    if not isinstance(path, str):
        raise FileNotFoundError(name)
    return Path(path).read_text(encoding="utf-8")
