"""The short names of the access log in the reader's words; what is known under no name is shown as it stands."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django.apps import apps
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from accounts.models import Proposal, Role, Scope
from core.admin.guarded import code
from municipality.services import offices_by_pk

from ..domain import references
from ..domain.service_types import all_services

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# Where or how something was done, as the callers of accounts.access_log write it.
WORDS: dict[str, StrOrPromise] = {
    "staff": _("As a member of staff"),
    "code by SMS": _("With a code sent by SMS"),
    "sign-in": _("Sign-in"),
    "national sign-on": _("By the national sign-on"),
    "national sign-on away: by password": _("By password, while the national sign-on did not answer"),
    "national sign-on away: known from before": _("Known from before, while the national sign-on did not answer"),
    "ID at a counter": _("Checking an ID at a counter"),
    "queue": _("In the queue"),
    "API": _("Through the API"),
    "totp": _("Authenticator app"),
    "recovery_codes": _("Recovery codes"),
}
AS_STAFF = re.compile(r"(?P<roles>\w+(?:, \w+)*) at (?P<office>[^\s,]+)(?:, visit (?P<visit>\d+))?")
AS_ENGINEERS = re.compile(r"engineering office (?P<licences>.+)")
OF_A_FILE = re.compile(r"(?:(?P<why>.*) )?· (?P<document>\w+) (?P<key>\S+)")
OF_A_SIGN_ON = re.compile(r"national sign-on: (?P<code>\w+)")
OF_AN_EXPORT = re.compile(r"(?P<form>csv|xlsx|print|pdf), (?P<many>\d+) rows")
OF_A_DRAFT = re.compile(r"draft (?P<key>\S+)")
OF_A_PROPOSAL = re.compile(rf"(?P<kind>{'|'.join(Proposal.Kind.values)}):(?P<number>\d+)")


def why_in_words(why: str) -> SafeString:
    """In what capacity, and which file: the column of reasons."""
    if of_a_file := OF_A_FILE.fullmatch(why):
        file = format_html('{}<span class="under">{}</span>', _document(of_a_file["document"]), code(of_a_file["key"]))
        return _joined([why_in_words(of_a_file["why"]), file]) if of_a_file["why"] else file
    if as_staff := AS_STAFF.fullmatch(why):
        office = next(
            (candidate.name for candidate in offices_by_pk().values() if candidate.code == as_staff["office"]), None
        )
        roles = [_role(role) for role in as_staff["roles"].split(", ")]
        place = format_html("<bdi>{}</bdi>", office) if office else code(as_staff["office"])
        visit = (
            [format_html("{} <bdi>{}</bdi>", _("Visit at the counter"), as_staff["visit"])] if as_staff["visit"] else []
        )
        return _joined([*roles, place, *visit])
    if as_engineers := AS_ENGINEERS.fullmatch(why):
        return format_html('{} <bdi dir="ltr">{}</bdi>', _("Engineering office"), as_engineers["licences"])
    if refused := OF_A_SIGN_ON.fullmatch(why):
        return _joined([_("An answer of the national sign-on was refused"), code(refused["code"])])
    if of_an_export := OF_AN_EXPORT.fullmatch(why):
        form = _("Printed list") if of_an_export["form"] == "print" else code(of_an_export["form"].upper())
        return _joined([form, format_html("{} <bdi>{}</bdi>", _("Rows:"), of_an_export["many"])])
    scopes = why.split(",")
    if set(scopes) <= set(Scope.values):
        return _joined([Scope(scope).label for scope in scopes])
    room, _dot, model = why.partition(".")
    if model and model in apps.all_models.get(room, {}):
        return format_html("{}", capfirst(apps.get_model(room, model)._meta.verbose_name_plural))
    return _plain(why)


def subject_in_words(subject: str) -> SafeString:
    """The number of a case, a role, a proposal, what was searched for: the column of subjects."""
    if subject in Role.values:
        return format_html("{}", Role(subject).label)
    if proposal := OF_A_PROPOSAL.fullmatch(subject):
        return format_html('{} <bdi dir="ltr">{}</bdi>', Proposal.Kind(proposal["kind"]).label, proposal["number"])
    if draft := OF_A_DRAFT.fullmatch(subject):
        return format_html('{}<span class="under">{}</span>', _("Draft"), code(draft["key"]))
    return _plain(subject)


def _plain(text: str) -> SafeString:
    if text in WORDS:
        return format_html("{}", WORDS[text])
    if not text:
        return SafeString("—")
    if references.parse(text):
        return format_html('<bdi dir="ltr" class="ltr">{}</bdi>', text)
    return format_html('<bdi class="clip">{}</bdi>', text)


def _role(role: str) -> StrOrPromise:
    return Role(role).label if role in Role.values else code(role)


def _document(name: str) -> StrOrPromise:
    documents = (service.document(name) for service in all_services())
    return next((document.label for document in documents if document), code(name))


def _joined(parts: list[StrOrPromise]) -> SafeString:
    return format_html_join(" · ", "{}", ((part,) for part in parts))
