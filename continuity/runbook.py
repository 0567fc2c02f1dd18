"""The runbook: what people do when the centre is lost, on two sheets of paper that need no computer to be read.

It is printed beforehand, filled in by hand (names, telephone numbers, where keys lie) and kept at three places.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import get_language_info, override
from django.utils.translation import gettext_lazy as _

from core import one_file

LANGUAGES = ("ar", "en")
# Lines for names and telephone numbers on the first sheet.
PEOPLE = (
    _("Leads"),
    _("Deputy of the lead"),
    _("Runs the machines"),
    _("Runs the vault"),
    _("Speaks to the public"),
    _("Service centres"),
)


@dataclass(frozen=True)
class Step:
    """What is done, and the command for it where there is one."""

    text: Promise | str
    command: str = ""


@dataclass(frozen=True)
class Part:
    title: Promise | str
    steps: tuple[Step, ...]


FIRST_HOUR = Part(
    _("The first hour: stop the harm, tell the public, keep inquiry running"),
    (
        Step(_("Write down the time and what you see. Delete nothing and restart nothing yet.")),
        Step(
            _("If data is being destroyed, or an intruder is inside: unplug the centre's network. Leave the power on.")
        ),
        Step(_("Call the lead, then everyone on this sheet. From now on one person logs every action with its time.")),
        Step(
            _(
                "Tell the public within ten minutes: two people declare an incident under “Incidents” on the staff "
                "site. Never promise when it will be over. Say when the next update comes, and keep that time."
            )
        ),
        Step(
            _("If the staff site is gone: write the notice to a file and publish it from any laptop."),
            "manage.py build_status --from notice.json",
        ),
        Step(_("Open the second site on a phone: inquiry, verification and status work there without the centre.")),
        Step(_("Phone the service centres: what they can still do, and what to tell visitors.")),
    ),
)
FIRST_DAY = Part(
    _("The first day: decide, bring it back, prove it"),
    (
        Step(_("Is the vault intact? Its own staff check it, on its own machine."), "bin/vault verify"),
        Step(_("Two people decide and sign, with the time: repair, take over at the second site, or rebuild.")),
        Step(
            _("Take over, if the copy is good and only the centre is gone: the copy becomes the portal."),
            "manage.py promote",
        ),
        Step(
            _(
                "Rebuild on blank disks, to the end or to a moment before the damage. It proves what it brought back "
                "and lists what is not covered: keep that list."
            ),
            "manage.py rebuild",
        ),
        Step(_("If only a backup is left:"), "manage.py restore BACKUP.tar.age --identity identity.txt"),
        Step(
            _(
                "Set the next letter and a new key in the settings: the portal accepts nothing "
                "before. Never use an old letter or key again."
            ),
            "manage.py check --deploy",
        ),
        Step(
            _("Add the new key to the node list. The list's own key signs it, away from every server."),
            "manage.py node_list draft",
        ),
        Step(_("Check every signature before you open the portal."), "manage.py verify_journal"),
        Step(_("Give staff their posts back. Everyone signs in again."), "manage.py reinstate posts"),
        Step(_("Review the messages held under “Background jobs”: some may have been sent already.")),
    ),
)
FIRST_WEEK = Part(
    _("The first week: make good what was lost"),
    (
        Step(
            _(
                "Receipts the rebuilt portal does not know are handed in on the “Verify a document” page. "
                "Staff work through that list."
            )
        ),
        Step(_("Never reconnect the old centre as the portal. Keep its disks for the investigation.")),
        Step(_("Replace every key and password that was on a lost machine (operations manual, “Rotate keys”).")),
        Step(
            _("If a key may have been copied, end it on the node list."), "manage.py node_list draft --end C1A stolen"
        ),
        Step(_("Deadlines are paused by the incident. End it only when work has really resumed.")),
        Step(_("Reconcile the books every day until every difference has an owner."), "manage.py reconcile"),
        Step(_("Write down what happened and what this sheet did not tell you. Then print a new one.")),
    ),
)
KEYS = (
    (_("Key of the journal"), _("signs receipts; kept on the portal's servers")),
    (_("Key of the node list"), _("signs the list of keys; never on a server")),
    (_("Key that opens the backups and the vault"), _("opens what is encrypted; never on a server")),
    (_("Key of the PINs on receipts"), _("no printed PIN works without it; a copy in the safe")),
    (_("Login of the vault"), _("its own staff only, nobody at the centre")),
    (_("Owner of the database"), _("migrations and repairs")),
    (_("Domain names, certificates, SMS and mail gateways"), _("needed to move the portal")),
)


def build(language: str, now: datetime, version: str) -> str:
    """Two sheets of A4 as one HTML file in this language ("ar" or "en")."""
    context = {
        "language": language,
        "is_right_to_left": get_language_info(language)["bidi"],
        "parts": (FIRST_DAY, FIRST_WEEK),
        "first_hour": FIRST_HOUR,
        "people": PEOPLE,
        "keys": KEYS,
        "facts": _facts(),
        "now": now,
        "version": version,
    }
    with override(language):
        return one_file.render("continuity/runbook.html", context, styles=["css/runbook.css"])


def _facts() -> list[tuple[Promise | str, str]]:
    """What of this installation one needs to know, without its secrets."""
    vault = urlsplit(settings.VAULT_URL)
    return [
        (_("Node and letter"), f"{settings.JOURNAL_NODE} {settings.JOURNAL_INCARNATION}"),
        (_("Vault"), vault.hostname or vault.path),
        (_("Backups"), str(settings.BACKUP_DIR) if settings.BACKUP_RECIPIENT else ""),
    ]
