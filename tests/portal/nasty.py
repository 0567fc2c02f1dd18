"""Requests no browser of ours would send, drawn from a seeded source so that each can be sent again."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from random import Random
from typing import Any
from urllib.parse import quote, urlencode

from ..conftest import pdf, picture

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "BREW"]
TEXTS = [
    *("", " ", "\x00", "a\x00b", "\x1b[2J", "\r\nSet-Cookie: a=b", "\ufeff", "\ufffd", "\u202e\u2066x", "\u200b" * 30),
    *(
        "0",
        "-0",
        "-1",
        "1",
        "99999999999",
        "9" * 400,
        "9" * 5000,
        "1e309",
        "1E+1000000",
        "1e-999999",
        "NaN",
        "Infinity",
    ),
    *("0x10", "1_000", "٣٤٥", "۱۲۳", "²", "½", "१२", "1.5", "1,5", "٫٫٫", "+966500000001", "1000000008"),
    *("' OR 1=1 --", '"; DROP TABLE x', "<script>alert(1)</script>", "{{ 7|add:7 }}", "%s%n%(x)s", "{0.__class__}"),
    *(
        "../../etc/passwd",
        "..\\..\\x",
        "%00",
        "%2e%2e",
        "//evil.example",
        "javascript:alert(1)",
        "https://evil.example/",
    ),
    *("🏠" * 50, "ا" * 5000, "a" * 100_000, "None", "null", "true", "[]", "{}", "[object Object]", "undefined"),
    *(
        "2026-13-45",
        "0000-00-00",
        "99999-01-01",
        "9999-12-31",
        "1448/13/99",
        "1300/01/01",
        "1700/1/1",
        "1/1/1",
        "24:61",
    ),
    *("00000000-0000-4000-8000-000000000000", "C1A-1448-000001-1", "C1A-1448-999999999-X", "SHR", "SHR-01", "-", "."),
]
RAW = [
    "%00",
    "%ff%fe",
    "%ed%a0%80",
    "%c0%ae",
    "%e2%80%ae",
    "%u0041",
    "%",
    "%f0%9f%8f%a0",
    "%2f%2f",
    "%0d%0a",
    "%ef%bb%bf",
]
FILES = [
    b"",
    b"MZ\x90\x00",
    b"%PDF-1.4\n",
    b"\x89PNG\r\n\x1a\n",
    b"\xff\xd8\xff",
    b"AC1032" + b"\0" * 50,
    b"PK\x03\x04",
]
NAMES = ["a.pdf", "", "..", "a/../../b.pdf", "\x00.pdf", "a\r\nb.pdf", "\u202efdp.exe", "ا" * 300 + ".pdf", "con.pdf"]
QUERY = [
    *("page", "q", "p", "o", "e", "all", "show", "service", "next", "paper", "return", "code", "format", "lang"),
    *("page_size", "at_work", "date", "_popup", "_to_field", "app_label", "model_name", "field_name", "term", "late"),
    *(
        "status__exact",
        "id__gt",
        "pk__in",
        "submitted_at__year",
        "submitted_at__gte",
        "applicant__password",
        "is_staff",
    ),
]
# How many fields of a form are spoilt: one that is wrong everywhere is refused at its first field.
RATES = (0.0, 0.1, 0.1, 0.4, 1.0)
DEPTHS = (10, 13, 1000, 100_000)


@dataclass
class Sent:
    """One request; printing it says all one needs to send it again."""

    method: str
    path: str
    query: str = ""
    content_type: str = ""
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return (
            f"{self.method} {self.path[:200]}?{self.query[:300]} {self.content_type} {self.body[:600]!r} {self.headers}"
        )


def text(draw: Random, good: str = "", spoil: float = 1.0) -> str:
    """A value for a field: the good one, nasty at this rate, or the good one spoilt."""
    if draw.random() >= spoil:
        return good
    if good and draw.random() < 0.3:
        at = draw.randrange(len(good) + 1)
        return good[:at] + draw.choice(TEXTS)[:50] + good[at:]
    return draw.choice(TEXTS)


def value(draw: Random, good: Any = None, spoil: float = 1.0, depth: int = 0) -> Any:
    """A JSON value: the right one, or any at this rate."""
    if good is not None and draw.random() >= spoil:
        return good
    kind = draw.random()
    if depth > 3 or kind < 0.8:
        plain = [None, True, False, 0, -1, 2**31, 2**63, 10**400, 1.5, -0.0, float("inf"), float("nan"), "\ud800"]
        return draw.choice([*plain, *TEXTS])
    if kind < 0.9:
        return [value(draw, good, 0.5, depth + 1) for _ in range(draw.randrange(4))]
    return {draw.choice(TEXTS)[:40]: value(draw, good, 0.5, depth + 1) for _ in range(draw.randrange(4))}


def json_body(draw: Random, good: dict[str, Any]) -> bytes:
    kind = draw.random()
    if kind < 0.06:
        depth = draw.choice(DEPTHS)
        return draw.choice([b"[" * depth, b"[" * depth + b"]" * depth, b'{"a":' * depth + b"1" + b"}" * depth])
    if kind < 0.12:
        return draw.choice(
            [b"", b"{", b"null", b"[]", b'"x"', b"\xff\xfe", b'{"a":1,"a":2}', b"1" * 5000, b"\xef\xbb\xbf{}"]
        )
    spoil = draw.choice(RATES)
    body = {name: value(draw, one, spoil) for name, one in good.items() if draw.random() >= spoil / 4}
    if draw.random() < 0.2:
        body[draw.choice(TEXTS)[:60]] = value(draw)
    return json.dumps(body).encode("utf-8", "replace")


def form(draw: Random, good: dict[str, str]) -> list[tuple[str, str]]:
    """Fields of a form: some missing, some repeated, some never asked for."""
    spoil = draw.choice(RATES)
    pairs = [(name, text(draw, one, spoil)) for name, one in good.items() if draw.random() >= spoil / 4]
    if pairs and draw.random() < 0.2:
        pairs += [draw.choice(pairs)] * draw.choice((1, 2, 1200))
    for _ in range(draw.choice((0, 0, 1, 3))):
        pairs.append(
            (draw.choice([*QUERY, "add_row", "confirm", "later", "attach", "version", "to", "reason"]), text(draw))
        )
    if draw.random() < 0.05:
        pairs.append((draw.choice(TEXTS)[:80], text(draw)))
    return pairs


def multipart(draw: Random, good: dict[str, str], files: list[str]) -> tuple[str, bytes]:
    edge = draw.choice(["edge", "edge", "edge", "a" * 71, 'x"y', "ا"])
    out = b""
    for name, one in form(draw, good)[:200]:
        out += f'--{edge}\r\nContent-Disposition: form-data; name="{name[:200]}"\r\n\r\n{one}\r\n'.encode(
            "utf-8", "replace"
        )
    for name in [*files, "file"][: draw.randrange(1, 4)]:
        content = draw.choice([*FILES, pdf(), picture(), pdf(300_000)])
        head = f'--{edge}\r\nContent-Disposition: form-data; name="{name}"; filename="{draw.choice(NAMES)}"\r\n'
        out += (
            head + draw.choice(["", "Content-Type: text/html\r\n", "Content-Transfer-Encoding: base64\r\n"])
        ).encode()
        out += b"\r\n" + content + b"\r\n"
    out += f"--{edge}--\r\n".encode()
    if draw.random() < 0.1:
        out = out[: draw.randrange(len(out))]
    return f"multipart/form-data; boundary={edge}".encode().decode("latin-1"), out


def request(
    draw: Random, method: str, url: str, fields: dict[str, str], files: list[str], body: dict[str, Any] | None
) -> Sent:
    """Something sent to this address, whose forms have these fields or whose JSON looks like `body`."""
    sent = Sent(method, url)
    parts = url.split("/")
    if draw.random() < 0.15 and len(parts) > 3:
        at = draw.randrange(2, len(parts) - 1)
        parts[at] = draw.choice([*RAW, quote(draw.choice(TEXTS)[:300], safe="")])
        sent.path = "/".join(parts)
    if draw.random() < 0.4:
        pairs = [(draw.choice(QUERY), text(draw)[:3000]) for _ in range(draw.choice((1, 1, 2, 5)))]
        sent.query = (
            urlencode(pairs)
            if draw.random() < 0.8
            else "&".join(f"{draw.choice(QUERY)}={draw.choice(RAW)}" for _ in pairs)
        )
    if sent.method not in ("GET", "HEAD", "OPTIONS", "TRACE"):
        kind = draw.random()
        if body is not None and kind < 0.8:
            sent.content_type, sent.body = "application/json", json_body(draw, body)
        elif kind < 0.75:
            sent.content_type, sent.body = "application/x-www-form-urlencoded", urlencode(form(draw, fields)).encode()
        elif kind < 0.93:
            sent.content_type, sent.body = multipart(draw, fields, files)
        else:
            sent.content_type = draw.choice(
                ["", "text/plain", "multipart/form-data", "application/xml", "a/b/c;;;", "json"]
            )
            sent.body = draw.choice([b"", b"\xff\xfe\x00", b"a=%ff&b=%00&=&&", b"<x/>", b"--edge--"])
        if draw.random() < 0.05:
            sent.content_type += draw.choice(
                [
                    "; charset=rot13",
                    "; charset=utf-16",
                    "; charset=",
                    "; charset=utf-7",
                    "; boundary=",
                    "; x*=rot13''%ff",
                ]
            )
    if draw.random() < 0.25:
        sent.headers = draw.choice(HEADERS)
    return sent


HEADERS = [
    {"HTTP_COOKIE": 'sessionid="\\000aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"'},
    {"HTTP_COOKIE": "sessionid=" + "x" * 4000},
    {"HTTP_COOKIE": "language=xx; sessionid=; csrftoken=<>; =;;;"},
    {"HTTP_COOKIE": 'messages="[[\\"__json_message\\",0,25,\\"x\\"]]"'},
    {"HTTP_ACCEPT_LANGUAGE": "xx-YY;q=9,en;q=,*"},
    {"HTTP_ACCEPT": "application/xml"},
    {"HTTP_AUTHORIZATION": "Token "},
    {"HTTP_AUTHORIZATION": "Token " + "a" * 5000},
    {"HTTP_AUTHORIZATION": "Basic \xff\xfe"},
    {"HTTP_IDEMPOTENCY_KEY": "\xe9" * 20},
    {"HTTP_IDEMPOTENCY_KEY": "k" * 100},
    {"HTTP_X_REQUEST_ID": "a" * 500},
    {"HTTP_X_FORWARDED_FOR": "not an address, \xff"},
    {"REMOTE_ADDR": "::ffff:10.0.0.1"},
    {"HTTP_X_HTTP_METHOD_OVERRIDE": "DELETE"},
    {"HTTP_REFERER": "http://[::1"},
    {"HTTP_IF_MODIFIED_SINCE": "yesterday"},
    {"HTTP_RANGE": "bytes=-5,9-1,0-"},
    {"HTTP_HOST": "evil example/"},
]
