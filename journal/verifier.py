"""The stand-alone verifier: one HTML file that checks papers with the node list it carries, without a network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from core import one_file

from .kinds import KINDS
from .node_list import NodeList

# After so many days without a newer list the page says that keys may have ended meanwhile.
OLD_AFTER_DAYS = 90
STYLES = ("css/base.css", "css/public.css", "css/components.css")
SCRIPTS = ("js/pdf-signature.js", "js/verifier.js")
TEXTS = {
    "title": _("Check a paper of Jeddah Municipality"),
    "lead": _(
        "This page works without a network. It checks whether the code on a receipt or document bears our signature."
    ),
    "no_script": _("This page needs scripts to check a signature. Allow them, or use another browser."),
    "code": _("Code from the QR, or its full address"),
    "code_hint": _("Point your phone's camera at the QR code, copy the text it shows and paste it here."),
    "camera": _("Use the camera"),
    "picture": _("Or choose a picture of the QR code"),
    "verify": _("Verify"),
    "good_title": _("Our signature is good"),
    "good_text": _("The content below is what we signed, unchanged."),
    "bad_title": _("We did not sign this"),
    "bad_text": _("The code is complete, but its signature is not ours: it was changed, or never came from us."),
    "unlisted_title": _("We do not know who signed this"),
    "unlisted_text": _(
        "The code names the signer {chain}, which is not on the key list of this page. It may be newer than this page."
    ),
    "compromised_title": _("This document cannot be trusted"),
    "compromised_text": _(
        "The key that signed it was reported stolen or copied on {day}. Someone else may have signed it. "
        "Ask for it at a service centre."
    ),
    "unreadable_title": _("We cannot read this"),
    "unreadable_text": _("This is not a complete code. Scan the QR code again in good light, or paste its full text."),
    "empty_title": _("There is nothing to check"),
    "empty_text": _("The box is empty. Paste the code, or the address from the QR code."),
    "no_code_title": _("There is no QR code we can read in this picture"),
    "no_code_text": _("Take it again, straight and in good light."),
    "no_camera_title": _("The camera cannot be used"),
    "no_camera_text": _("The browser did not allow it, or there is none. Choose a picture, or paste the code."),
    "old_browser_title": _("This browser cannot check our signatures"),
    "old_browser_text": _(
        "It does not support the kind of signature we use. Use a newer version of it, or another browser."
    ),
    "old_title": _("This page is more than 90 days old"),
    "old_text": _("A key may have been reported stolen since. Get a new copy of this page."),
    "not_known": _(
        "This page cannot know whether our journal has this document, nor whether it is still in force. Ask here:"
    ),
    "list": _("Checked with the key list of {day}."),
    "pdf": _("Or choose the PDF file of a document"),
    "pdf_good_title": _("This PDF is unchanged since we signed it"),
    "pdf_good_text": _("Its signature is ours and covers the whole file: {subject}"),
    "pdf_compromised_title": _("This PDF cannot be trusted"),
    "pdf_compromised_text": _(
        "Since {day} someone else may have the key that signed it, and may have signed it with an earlier date. Rely "
        "on it only if the portal itself says that it is genuine."
    ),
    "pdf_changed_title": _("This PDF was changed, or its signature is damaged"),
    "pdf_changed_text": _("It is not what was signed. Ask for the file as it was downloaded, or check its QR code."),
    "pdf_unlisted_title": _("We do not know who signed this PDF"),
    "pdf_unlisted_text": _("Its signature is none of those this page knows. It may be newer than this page."),
    "pdf_unsigned_title": _("This PDF bears no signature"),
    "pdf_unsigned_text": _("A scan or a print saved as PDF bears none: check its QR code instead."),
    "pdf_unreadable_title": _("This is not a PDF"),
    "pdf_unreadable_text": _("Choose the PDF file as it was downloaded."),
    "pdf_demo": _("made by a demonstration, without legal effect"),
    "sha256": _("Fingerprint of the file (SHA-256)"),
    "kind": _("Document type"),
    "reference": _("Transaction number"),
    "number": _("Document number"),
    "plot": _("Plan and parcel"),
    "signed_at": _("Signed on"),
    "chain": _("Signed by"),
}


_certificates: Callable[[], list[dict[str, Any]]] | None = None


def register_certificates(listed: Callable[[], list[dict[str, Any]]]) -> None:
    """Give the page somebody who knows what documents are signed with (transactions does at start)."""
    global _certificates
    _certificates = listed


def build(content: NodeList, verify_url: str) -> str:
    """The page as text. `verify_url` is the address at which the portal itself verifies."""
    texts, kinds = {}, {}
    for language in ("ar", "en"):
        with override(language):
            texts[language] = {name: str(text) for name, text in TEXTS.items()}
            kinds[language] = {name: str(text) for name, text in KINDS.items()}
    data = {
        "texts": texts,
        "kinds": kinds,
        "chains": {name: asdict(chain) for name, chain in content.chains.items()},
        "issued_at": content.issued_at,
        "verify_url": verify_url,
        "certificates": _certificates() if _certificates else [],
        "old_after_days": OLD_AFTER_DAYS,
    }
    context = {"data": data, "texts": texts["ar"], "no_script_en": texts["en"]["no_script"]}
    return one_file.render("journal/verifier.html", context, styles=STYLES, scripts=SCRIPTS)
