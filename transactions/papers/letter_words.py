"""What makes a letter of a paper: subject, greeting, who signs, what it means in law. Frozen with the content."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from core.numbers import money_in_words

from ..domain.objections import ObjectionKind


@dataclass(frozen=True)
class Named:
    """A name in both languages."""

    ar: str
    en: str

    def here(self) -> str:
        """In the language that is active."""
        return self.en if translation.get_language() == "en" else self.ar


@dataclass(frozen=True)
class Signatory:
    """Whose name and post an office puts under what it issues."""

    name: Named
    post: Named

    @classmethod
    def of(cls, office: Any) -> Signatory | None:
        """That of an office; None where none is entered, and in a migration from before there were any."""
        names = Named(getattr(office, "signatory_ar", ""), getattr(office, "signatory_en", ""))
        posts = Named(getattr(office, "signatory_post_ar", ""), getattr(office, "signatory_post_en", ""))
        return cls(names, posts) if names.ar or names.en else None

    def here(self) -> dict[str, str]:
        """Name and post in the language that is active, or in the other where it has none."""
        return {
            "name": self.name.here() or self.name.ar or self.name.en,
            "post": self.post.here() or self.post.ar or self.post.en,
        }


def subject(title: str, plot: str) -> str:
    """What a letter is about."""
    return _("%(title)s: plan and parcel %(plot)s") % {"title": title, "plot": plot} if plot else title


def paper_words(title: str, plot: str, *, is_letter: bool, valid_until: date | None) -> dict[str, Any]:
    """The frame of a permit or minutes; with greeting and farewell where it goes to somebody outside."""
    notes = []
    if valid_until is not None:
        notes.append(_("The document is valid until the date printed on it, unless it is revoked or replaced before."))
    notes.append(_("Approval rests on what the applicant stated and attached; it changes nothing about ownership."))
    return {"subject": subject(title, plot), "notes": notes, **(_courtesies() if is_letter else {})}


def refusal_words(title: str, plot: str) -> dict[str, Any]:
    """The frame of a letter that refuses a request: its reason stands beside them in the content."""
    return {
        "subject": subject(_("Refusal of a request: %(title)s") % {"title": title}, plot),
        "opening": [_("Your request was studied. It is refused for this reason:")],
        "closing": [
            _(
                "You may object to this refusal in the portal, under the transaction number, within %(n)d working days "
                "of its date. Someone who has not acted on the request decides."
            )
            % {"n": settings.OBJECTION_DAYS["refusal"]},
            _(
                "You may submit a new request once the reason given no longer applies. Your answers and files stay in "
                "the portal under the transaction number."
            ),
        ],
        **_courtesies(),
    }


_UPHELD = {
    ObjectionKind.REFUSAL: gettext_noop(
        "Your objection to the refusal of your request was studied and upheld. The refusal is taken back, and the "
        "request goes on under the same number. The reasons for this decision:"
    ),
    ObjectionKind.RETURN: gettext_noop(
        "Your objection to the return of your request was studied and upheld. The return is taken back, and the "
        "request goes on under the same number. The reasons for this decision:"
    ),
    ObjectionKind.FEE: gettext_noop(
        "Your objection to the fee was studied and upheld. The fee is %(fee)s SAR instead of %(fee_before)s SAR. The "
        "reasons for this decision:"
    ),
}
_DISMISSED = {
    ObjectionKind.REFUSAL: gettext_noop(
        "Your objection to the refusal of your request was studied and dismissed. The refusal stands, for these "
        "reasons:"
    ),
    ObjectionKind.RETURN: gettext_noop(
        "Your objection to the return of your request was studied and dismissed. What the return asks for stands, for "
        "these reasons:"
    ),
    ObjectionKind.FEE: gettext_noop(
        "Your objection to the fee was studied and dismissed. The fee stands, for these reasons:"
    ),
}


def objection_words(title: str, plot: str, kind: str, *, upheld: bool, money: Mapping[str, str]) -> dict[str, Any]:
    """The frame of the letter that tells the outcome of an objection: its reasons stand beside them in the content."""
    outcome = _((_UPHELD if upheld else _DISMISSED)[ObjectionKind(kind)])
    amounts = {name: money_in_words(Decimal(amount)) for name, amount in money.items()}
    decider = _("It was decided by someone who had not acted on the request before.")
    return {
        "subject": subject(_("Decision on an objection: %(title)s") % {"title": title}, plot),
        "opening": [outcome % amounts if amounts else outcome],
        "closing": [decider],
        **_courtesies(),
    }


def receipt_words(title: str) -> dict[str, Any]:
    """The frame of a receipt."""
    return {
        "subject": title,
        "opening": [_("We have received the request described below, with the files listed.")],
        "notes": [
            _("This receipt confirms that the request was received. It is no approval."),
            _("The PIN for inquiries is not printed here: this file may be shown to others."),
        ],
    }


def _courtesies() -> Mapping[str, str]:
    return {"greeting": _("Peace be upon you, and the mercy and blessings of God."), "farewell": _("Yours faithfully,")}
