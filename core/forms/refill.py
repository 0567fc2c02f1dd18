"""Puts what somebody typed back into the boxes of a page of ours. Pure: text in, text out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from html.parser import HTMLParser
from urllib.parse import urljoin

from .concurrency import FIELD

# Boxes whose content is not what somebody typed, or may not be shown again.
NOT_TYPED = frozenset({"hidden", "password", "file", "submit", "button", "image", "reset"})


def refill(page: str, path: str, target: str, typed: Mapping[str, Sequence[str]]) -> str | None:
    """The page at `path` with these values in its form that posts to the path `target`; None when it has none."""
    reader = _Refiller(path, target, {name: list(values) for name, values in typed.items()})
    reader.feed(page)
    reader.close()
    return "".join(reader.out) if reader.found_form else None


class _Refiller(HTMLParser):
    """Copies a page as it reads it, but for the boxes of one form."""

    def __init__(self, path: str, target: str, typed: dict[str, list[str]]) -> None:
        super().__init__(convert_charrefs=False)
        self.out: list[str] = []
        self.path, self.target, self.typed = path, target, typed
        self.found_form = self.inside = self.skipping = False
        self.chosen: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        raw = self.get_starttag_text() or ""
        own = {name: value or "" for name, value in attrs}
        if tag == "form":
            goes_to = urljoin(self.path, own.get("action", "")).split("?")[0].split("#")[0] or self.path
            self.inside = own.get("method", "get").lower() == "post" and goes_to == self.target
            self.found_form |= self.inside
        if self.inside and tag in ("input", "select", "textarea", "option"):
            raw = self._box(tag, own, raw)
        self._write(raw)
        if self.inside and tag == "textarea" and own.get("name") in self.typed:
            self._write(f"\n{escape(self._take(own['name']))}")
            self.skipping = True

    handle_startendtag = handle_starttag

    def _box(self, tag: str, own: dict[str, str], raw: str) -> str:
        name, kind = own.get("name", ""), own.get("type", "text")
        if tag == "select":
            self.chosen = self.typed.get(name, [])
            return raw
        if tag == "option":
            return _marked(raw, own, "selected", own.get("value", "") in self.chosen) if self.chosen else raw
        if tag == "textarea":
            return raw
        if kind in ("checkbox", "radio"):
            values = self.typed.get(name, [])
            untouched = kind == "radio" and not values
            return raw if untouched else _marked(raw, own, "checked", own.get("value", "on") in values)
        if name not in self.typed or (kind in NOT_TYPED and name.rpartition("-")[2] != FIELD):
            return raw
        return _valued(own, self._take(name))

    def _take(self, name: str) -> str:
        """The next value of this name: boxes that share one are filled in order."""
        values = self.typed[name]
        return values.pop(0) if len(values) > 1 else values[0]

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self.skipping = False
        if tag == "form":
            self.inside = False
        if tag == "select":
            self.chosen = []
        self._write(f"</{tag}>")

    def _write(self, text: str) -> None:
        if not self.skipping:
            self.out.append(text)

    def handle_data(self, data: str) -> None:
        self._write(data)

    def handle_entityref(self, name: str) -> None:
        self._write(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self._write(f"&#{name};")

    def handle_comment(self, data: str) -> None:
        self._write(f"<!--{data}-->")

    def handle_decl(self, decl: str) -> None:
        self._write(f"<!{decl}>")


def _marked(raw: str, own: dict[str, str], mark: str, on: bool) -> str:
    """The tag with or without `checked` or `selected`."""
    if on == (mark in own):
        return raw
    attributes = {name: value for name, value in own.items() if name != mark} | ({mark: ""} if on else {})
    return _tag("option" if mark == "selected" else "input", attributes)


def _valued(own: dict[str, str], value: str) -> str:
    return _tag("input", own | {"value": value})


def _tag(tag: str, attrs: Mapping[str, str]) -> str:
    written = "".join(f' {name}="{escape(value)}"' if value else f" {name}" for name, value in attrs.items())
    return f"<{tag}{written}>"
