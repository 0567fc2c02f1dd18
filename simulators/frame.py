"""What all simulators share: a request, an answer, a page that says it is no real service, a store."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from html import escape
from http import HTTPStatus
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

MAX_BODY_BYTES = 8 * 1024 * 1024
JSON = "application/json"


@dataclass
class Request:
    """What was asked, read whole."""

    environ: dict[str, Any]
    content: bytes

    @property
    def method(self) -> str:
        return str(self.environ["REQUEST_METHOD"])

    @property
    def path(self) -> str:
        return str(self.environ["PATH_INFO"])

    @property
    def mount(self) -> str:
        """What addresses of this simulator begin with."""
        return str(self.environ.get("SCRIPT_NAME", ""))

    @property
    def folder(self) -> Path:
        return Path(self.environ["simulators.folder"])

    @property
    def portal(self) -> str:
        return str(self.environ["simulators.portal"])

    def header(self, name: str) -> str:
        """A header's value, or nothing."""
        return str(self.environ.get("HTTP_" + name.upper().replace("-", "_"), ""))

    def query(self) -> dict[str, str]:
        return dict(parse_qsl(self.environ.get("QUERY_STRING", "")))

    def form(self) -> dict[str, str]:
        """What a form sent."""
        return dict(parse_qsl(self.content.decode(errors="replace"), keep_blank_values=True))

    def json(self) -> dict[str, Any]:
        """What a program sent. ValueError when that is no JSON object."""
        value = json.loads(self.content)
        if not isinstance(value, dict):
            raise ValueError("a JSON object is wanted")
        return value


class Answer(NamedTuple):
    status: int
    content: bytes
    kind: str
    headers: tuple[tuple[str, str], ...] = ()


def application(handle: Callable[[Request], Answer]) -> Callable[..., Iterable[bytes]]:
    """A WSGI application of a function; what it trips over is answered with 500 and told on standard error."""

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        if length > MAX_BODY_BYTES:
            given = data({"error": "too long"}, 413)
        else:
            try:
                given = handle(Request(environ, environ["wsgi.input"].read(length)))
            except (ValueError, KeyError) as error:
                given = data({"error": f"{type(error).__name__}: {error}"}, 400)
            except Exception:  # a simulator that trips says so and goes on
                traceback.print_exc()
                given = data({"error": "the simulator failed"}, 500)
        headers = [("Content-Type", given.kind), ("Content-Length", str(len(given.content))), *given.headers]
        start_response(f"{given.status} {HTTPStatus(given.status).phrase}", headers)
        return [given.content]

    return answer


def data(value: Any, status: int = 200) -> Answer:
    """An answer to a program."""
    return Answer(status, json.dumps(value, ensure_ascii=False).encode(), JSON)


def to(request: Request, path: str) -> Answer:
    """Lead a browser to a page of this simulator."""
    return Answer(303, b"", "text/plain", (("Location", request.mount + path),))


def missing(request: Request) -> Answer:
    return page(request, ("لا توجد هذه الصفحة", "There is no such page"), "", status=404)


def both(arabic: str, english: str) -> str:
    """The same in both languages, one under the other."""
    return f'<span class="both"><span>{escape(arabic)}</span><span lang="en" dir="ltr">{escape(english)}</span></span>'


_STYLE = """
body{margin:0;font:1rem/1.6 system-ui,sans-serif;color:#222;background:#f6f3ea}
header{background:#7a2e00;color:#fff;padding:.75rem 1rem;font-weight:700}
main{max-inline-size:60rem;margin-inline:auto;padding:1rem}
.both{display:inline-block;vertical-align:top}.both>span{display:block;unicode-bidi:isolate}
[lang=en]{font-size:.9em;text-align:start}
table{border-collapse:collapse;inline-size:100%;background:#fff}.wide{overflow-x:auto}
th,td{border:1px solid #bbb;padding:.4rem .6rem;text-align:start;vertical-align:top}
button{font:inherit;padding:.4rem .9rem;margin:.2rem;border:1px solid #7a2e00;background:#fff;color:#7a2e00}
button:hover,button:focus-visible{background:#7a2e00;color:#fff}
input,select{font:inherit;padding:.35rem .5rem;max-inline-size:100%}
form{display:inline-block;margin:0}a{color:#7a2e00}
fieldset{margin-block:1rem;border:1px solid #bbb;background:#fff}
"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; frame-ancestors 'none'"


def page(request: Request, title: tuple[str, str], content: str, *, status: int = 200) -> Answer:
    """A page of HTML under the bar that says what this is. `content` is HTML: escape what others wrote."""
    label = both("محاكاة – ليست خدمة حقيقية", "Simulator – not a real service")
    text = (
        f'<!doctype html><html lang="ar" dir="rtl"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">'
        f"<title>{escape(title[0])} – {escape(title[1])} – Simulator</title><style>{_STYLE}</style></head>"
        f"<body><header>{label}</header><main><h1>{both(*title)}</h1>{content}</main></body></html>"
    )
    return Answer(status, text.encode(), "text/html; charset=utf-8", (("Content-Security-Policy", _POLICY),))


def button(request: Request, path: str, label: tuple[str, str], **values: str) -> str:
    """A form that is one button."""
    hidden = "".join(f'<input type="hidden" name="{escape(n)}" value="{escape(v)}">' for n, v in values.items())
    return f'<form method="post" action="{request.mount}{escape(path)}">{hidden}<button>{both(*label)}</button></form>'


class Store:
    """What a simulator remembers: one JSON object in its folder, changed by one at a time and written whole."""

    _locks: dict[Path, threading.RLock] = {}

    def __init__(self, folder: Path) -> None:
        self.file = folder / "state.json"
        self._lock = self._locks.setdefault(self.file, threading.RLock())

    def read(self) -> dict[str, Any]:
        """As it is now."""
        with self._lock:
            return dict(json.loads(self.file.read_text(encoding="utf-8"))) if self.file.exists() else {}

    @contextlib.contextmanager
    def change(self) -> Iterator[dict[str, Any]]:
        """The state to change; kept when the block ends well."""
        with self._lock:
            state = self.read()
            yield state
            temporary = self.file.with_suffix(f".{os.getpid()}")
            temporary.write_text(json.dumps(state, ensure_ascii=False, indent=1), encoding="utf-8")
            temporary.replace(self.file)


def shared_secret(folder: Path, name: str) -> str:
    """What portal and simulator both know, in a file of this folder that only its owner reads; made when first asked
    for. The portal's `demo_secret` reads and writes the same.
    """
    path = folder / f"{name.lower()}.json"
    if not path.exists():
        temporary = folder / f".{name.lower()}.{os.getpid()}.{threading.get_ident()}"
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            json.dump({name: secrets.token_urlsafe(48)}, file)
        with contextlib.suppress(FileExistsError):
            os.link(temporary, path)  # fails when another was first
        temporary.unlink()
    return str(json.loads(path.read_text(encoding="ascii"))[name])
