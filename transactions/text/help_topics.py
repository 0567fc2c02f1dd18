"""What people ask most, and its search: folded as names are, in the words of both languages."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from core.text import name_key, name_words

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True)
class Topic:
    """A question and its answer. `terms` are words that are explained; `link` is a page and what its link says."""

    title: StrOrPromise
    text: StrOrPromise = ""
    terms: tuple[tuple[StrOrPromise, StrOrPromise], ...] = ()
    link: tuple[str, StrOrPromise] | None = None


TOPICS = (
    Topic(
        _("I lost my PIN"),
        _(
            "Sign in: your receipt is there with the PIN. Or ask by the office's incoming number, the Hijri year "
            "and the "
            "last four digits of your ID. Or go to a service centre with your ID."
        ),
    ),
    Topic(
        _("Which number is which?"),
        terms=(
            (
                _("Transaction number"),
                _("Given once, on the receipt, and the same until the end. Use it for every question."),
            ),
            (
                _("Incoming number"),
                _(
                    "Given by each office that receives the case, starting anew each Hijri year. Note the name "
                    "of the office with it."
                ),
            ),
            (
                _("Outgoing number"),
                _("Given when a case leaves an office for another place, for example the notary."),
            ),
        ),
    ),
    Topic(
        _("My request came back to me"),
        _(
            "Something is missing. Open the request, answer each point and send it. The number stays the same, "
            "nothing is paid twice, and the clock resumes from where it stopped."
        ),
    ),
    Topic(
        _("It is late"),
        _(
            "“Late” means that the working days we promised have passed while the request was in our hands. The "
            "supervisor of the office sees the same word on the same case."
        ),
    ),
    Topic(
        _("I cannot sign in"),
        _(
            "Choose “First sign-in or forgotten password” on the sign-in page: a code comes to your "
            "mobile. If "
            "your number has changed, a service centre changes it for you, with your ID."
        ),
        link=("account_login", _("Sign in")),
    ),
    Topic(
        _("My file is refused"),
        _(
            "We take PDF, TIFF and photos (JPEG, PNG, HEIC, WebP) up to 50 MB, and DXF and DWG for drawings. The "
            "content counts, not the name: a file that was only renamed is refused. Save it again as PDF, or take a "
            "new photo."
        ),
    ),
    Topic(
        _("How long do requests take?"),
        _(
            "The open figures tell for each service and office and month how many requests came in, how many were "
            "decided, refused and late, and how many working days half of them took. Anyone may use them."
        ),
        link=("transactions:figures", _("Open figures")),
    ),
    Topic(
        _("I could not reach the site"),
        _(
            "Keep your receipt: it is a signed entry of our journal, and its QR code proves by itself that we "
            "signed it, even if our system no longer knows it. What you were writing is as it was last saved."
        ),
    ),
)


def search_topics(sought: str) -> list[Topic]:
    """The topics that have every word sought, in whichever language; all of them when nothing is sought."""
    words = name_words(sought)
    return [topic for topic, text in zip(TOPICS, _search_text(), strict=True) if all(word in text for word in words)]


@cache
def _search_text() -> list[str]:
    texts = []
    for topic in TOPICS:
        text = ""
        for language, _name in settings.LANGUAGES:
            with translation.override(language):
                parts = [topic.title, topic.text, *(word for pair in topic.terms for word in pair)]
                text += " ".join(name_key(str(part)) for part in parts) + " "
        texts.append(text)
    return texts
