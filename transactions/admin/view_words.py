"""What the views of the portal are called on its pages: their own names are for machines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import apps
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

WORDS: dict[str, StrOrPromise] = {
    "transactions:home": gettext_lazy("Home page"),
    "transactions:services": gettext_lazy("All services"),
    "transactions:service": gettext_lazy("Page of a service"),
    "transactions:search": gettext_lazy("Search"),
    "transactions:contact": gettext_lazy("Service centres and their hours"),
    "transactions:terms": gettext_lazy("Terms of use"),
    "transactions:feedback": gettext_lazy("What readers say of our pages"),
    "transactions:inquiry": gettext_lazy("Inquiry"),
    "transactions:help": gettext_lazy("Help"),
    "transactions:privacy": gettext_lazy("Privacy"),
    "transactions:accessibility": gettext_lazy("Accessibility"),
    "transactions:books": gettext_lazy("The books of each day"),
    "transactions:books_of_day": gettext_lazy("The books of each day"),
    "transactions:books_file": gettext_lazy("The books of each day"),
    "transactions:figures": gettext_lazy("Open figures"),
    "transactions:figures_csv": gettext_lazy("Open figures"),
    "transactions:figures_json": gettext_lazy("Open figures"),
    "transactions:figures_of_month": gettext_lazy("Open figures"),
    "transactions:figures_of_month_csv": gettext_lazy("Open figures"),
    "transactions:figures_of_month_json": gettext_lazy("Open figures"),
    "transactions:start": gettext_lazy("Start the request"),
    "transactions:draft": gettext_lazy("All parts of the request"),
    "transactions:step": gettext_lazy("A page of questions"),
    "transactions:documents": gettext_lazy("Documents of a request"),
    "transactions:add_document": gettext_lazy("Part of a file being uploaded"),
    "transactions:add_answer_file": gettext_lazy("Part of a file being uploaded"),
    "transactions:check": gettext_lazy("Check your answers"),
    "transactions:discard": gettext_lazy("Delete draft"),
    "transactions:requests": gettext_lazy("My requests"),
    "transactions:request": gettext_lazy("Page of a request"),
    "transactions:timeline": gettext_lazy("Timeline, refreshed by the page"),
    "transactions:receipt": gettext_lazy("Receipt"),
    "transactions:answer": gettext_lazy("Answering a return"),
    "transactions:withdraw": gettext_lazy("Withdraw the request"),
    "transactions:document": gettext_lazy("Issued document"),
    "transactions:notices": gettext_lazy("Notices"),
    "transactions:notices_read": gettext_lazy("Mark all as read"),
    "transactions:office": gettext_lazy("Workspace of an engineering office"),
    "transactions:file": gettext_lazy("Download of a file"),
    "transactions:preview": gettext_lazy("Preview of a file"),
    "transactions:preview_page": gettext_lazy("Preview of a file"),
    "transactions:preview_part": gettext_lazy("Preview of a file"),
    "transactions:sheet": gettext_lazy("Page of a file"),
    "transactions:without_programs": gettext_lazy("Copy of a file without programs"),
    "accounts:first": gettext_lazy("First sign-in, or a forgotten password"),
    "accounts:code": gettext_lazy("Code from the message"),
    "accounts:profile": gettext_lazy("Personal details"),
    "accounts:programs": gettext_lazy("Programs acting for me"),
    "accounts:program_end": gettext_lazy("Programs acting for me"),
    "accounts:authorisations": gettext_lazy("Engineering offices I authorised"),
    "accounts:revoke": gettext_lazy("Revoking an authorisation"),
    "accounts:office_authorisations": gettext_lazy("All owners who authorised us"),
    "accounts:answer": gettext_lazy("Answering an authorisation"),
    "journal:verify": gettext_lazy("Verify a document"),
    "journal:verify_token": gettext_lazy("Verify a document"),
    "account_login": gettext_lazy("Sign in"),
    "account_logout": gettext_lazy("Sign out"),
    "set_language": gettext_lazy("Change of language"),
    "healthz": gettext_lazy("Probe: the process answers"),
    "readyz": gettext_lazy("Probe: everything it needs is there"),
    "metrics": gettext_lazy("Figures for monitoring"),
    "design": gettext_lazy("Components"),
    "none": gettext_lazy("An address that does not exist"),
    "staff:index": gettext_lazy("My queue"),
    "staff:take_next": gettext_lazy("Take next"),
    "staff:case": gettext_lazy("Page of a case"),
    "staff:next_case": gettext_lazy("Next case of a list"),
    "staff:previous_case": gettext_lazy("Previous case of a list"),
    "staff:presence": gettext_lazy("Who has a case open"),
    "staff:move": gettext_lazy("An action on a case"),
    "staff:note": gettext_lazy("Write a note"),
    "staff:notes_read": gettext_lazy("Notes read"),
    "staff:counter": gettext_lazy("Counter"),
    "staff:intake": gettext_lazy("A request at the counter"),
    "staff:intake_check": gettext_lazy("A request at the counter"),
    "staff:supervision": gettext_lazy("Supervision"),
    "staff:bulk": gettext_lazy("An action on many cases"),
    "staff:export": gettext_lazy("Export of a list"),
    "staff:operations": gettext_lazy("Operations"),
    "staff:reference": gettext_lazy("Reference data and books"),
}
# Where one view has no words of its own: what it belongs to, by how its name begins.
ROOMS: dict[str, StrOrPromise] = {
    "api": gettext_lazy("For developers"),
    "mfa_": gettext_lazy("Two-step verification"),
    "account_": gettext_lazy("Sign-in and password"),
    "staff:": gettext_lazy("Staff workbench"),
}


def words_for(view: str) -> StrOrPromise:
    """A view in words; for a list or form of the workbench, the name of its rows."""
    if view in WORDS:
        return WORDS[view]
    parts = view.removeprefix("staff:").split("_")
    if len(parts) > 2 and parts[1] in apps.all_models.get(parts[0], {}):
        return capfirst(apps.get_model(parts[0], parts[1])._meta.verbose_name_plural)
    return next((words for start, words in ROOMS.items() if view.startswith(start)), _("Another page"))
