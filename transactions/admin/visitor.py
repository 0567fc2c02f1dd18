"""Who has come, beside who is on file under this ID: what differs is a question of its own.

Nothing is written of the person here. What the clerk answers lies with the draft and is written with the request.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from accounts.models import User
from core.forms.fields import LineField
from core.forms.named_errors import NamedErrors
from core.templatetags.portal import mobile

Changes = Mapping[str, Mapping[str, str]]
KEEP, CHANGE = "keep", "change"


def masked(phone: str) -> str:
    """A mobile as one asks after it, without giving it away: its last three digits."""
    return f"••••{phone[-3:]}" if phone else "—"


class VisitorForm(NamedErrors, forms.Form):
    """For each difference: does what is on file stay, or is it changed?

    The answers hold for what was shown: when ID, name, mobile or the person on file are others by now, they are asked
    anew.
    """

    shown = LineField(widget=forms.HiddenInput, required=False)

    def __init__(self, on_file: User, changes: Changes, data: Any = None) -> None:
        self.on_file, self.changes = on_file, changes
        mark = _mark(on_file, changes)
        answered = data is not None and data.get("visitor-shown") == mark
        super().__init__(data if answered else None, prefix="visitor", initial={"shown": mark})
        if "full_name" in changes:
            self.fields["full_name"] = _question(
                _("The name on the ID is not the one on file"),
                _name(_("Keep the name on file: %s"), on_file.full_name),
                _name(_("The ID says: %s"), changes["full_name"]["to"]),
                choose=_("Choose which name is right."),
            )
        if "phone" in changes:
            self.fields["phone"] = _question(
                _("The mobile is not the one on file"),
                _number(_("Keep the mobile on file, ending in: %s"), masked(on_file.phone)),
                _number(_("The person's mobile is now: %s"), mobile(changes["phone"]["to"])),
                choose=_("Choose which mobile is right."),
                help_text=_("The mobile on file is notified at once. The new one cannot set a password for some days."),
            )

    @property
    def nothing_fits(self) -> bool:
        """Another name and another mobile: most likely a digit of the ID is wrong."""
        return {"full_name", "phone"} <= set(self.changes)

    def chosen(self) -> dict[str, dict[str, str]]:
        """Of a valid form: what is changed with the request."""
        return {name: dict(change) for name, change in self.changes.items() if self._changes(name)}

    def _changes(self, name: str) -> bool:
        """An e-mail is not asked about; it goes with its mobile, so that no stranger's is put on somebody's file."""
        asked = "phone" if name == "email" else name
        return asked not in self.fields or self.cleaned_data[asked] == CHANGE


def _question(
    label: str, stays: SafeString, other: SafeString, *, choose: str, help_text: str = ""
) -> forms.ChoiceField:
    choices: list[tuple[str, Any]] = [(KEEP, stays), (CHANGE, other)]
    return forms.ChoiceField(
        choices=choices,
        widget=forms.RadioSelect,
        label=label,
        help_text=help_text,
        error_messages={"required": choose},
    )


def _name(words: str, name: str) -> SafeString:
    return format_html(words.replace("%s", "{}"), format_html("<bdi>{}</bdi>", name))


def _number(words: str, number: str) -> SafeString:
    return format_html(words.replace("%s", "{}"), format_html('<bdi dir="ltr" class="ltr">{}</bdi>', number))


def _mark(on_file: User, changes: Changes) -> str:
    content = json.dumps([on_file.pk, changes], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(content.encode()).hexdigest()[:24]
