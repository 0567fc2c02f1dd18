"""The forms of a page, filled in as a browser would send them untouched."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

from django.http import HttpResponse

VOID = {"submit", "button", "image", "reset", "file"}


def flat(answer: HttpResponse) -> str:
    """A page with single spaces, and none beside a tag: how a template breaks its lines is no test's affair."""
    return re.sub(r" ?(<[^>]*>) ?", r"\1", " ".join(answer.content.decode().split()))


@dataclass
class PageForm:
    """One <form>: where it goes, how, and what its boxes hold. Two boxes of one name make a list."""

    action: str
    method: str
    data: dict[str, list[str]] = field(default_factory=dict)
    buttons: dict[str, str] = field(default_factory=dict)

    def add(self, name: str | None, value: str | None) -> None:
        if name:
            self.data.setdefault(name, []).append(value or "")


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[PageForm] = []
        self.form: PageForm | None = None
        self.area: tuple[str | None, list[str]] | None = None
        self.select: tuple[str | None, bool, list[tuple[str, bool]]] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        own = dict(attrs)
        if tag == "form":
            self.form = PageForm(own.get("action") or "", (own.get("method") or "get").lower())
            self.forms.append(self.form)
        if self.form is None or "disabled" in own:
            return
        kind = own.get("type", "text")
        if tag == "input" and kind in ("checkbox", "radio"):
            if "checked" in own:
                self.form.add(own.get("name"), own.get("value", "on"))
        elif tag == "input" and kind not in VOID:
            self.form.add(own.get("name"), own.get("value"))
        elif tag in ("button", "input") and kind in ("submit", "text") and own.get("name"):
            self.form.buttons[str(own["name"])] = own.get("value") or ""
        elif tag == "textarea":
            self.area = (own.get("name"), [])
        elif tag == "select":
            self.select = (own.get("name"), "multiple" in own, [])
        elif tag == "option" and self.select:
            self.select[2].append((own.get("value") or "", "selected" in own))

    def handle_data(self, data: str) -> None:
        if self.area:
            self.area[1].append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.form = None
        if self.form is None:
            return
        if tag == "textarea" and self.area:
            self.form.add(self.area[0], "".join(self.area[1]).removeprefix("\n"))
            self.area = None
        elif tag == "select" and self.select:
            name, multiple, options = self.select
            chosen = [value for value, selected in options if selected]
            if not chosen and not multiple and options:
                chosen = [options[0][0]]
            for value in chosen:
                self.form.add(name, value)
            self.select = None


def forms_of(page: str) -> list[PageForm]:
    """Every form of a page, in order."""
    reader = _Reader()
    reader.feed(page)
    return reader.forms
