"""Where there is no second administrator: whoever runs the machine carries out what would take two, on record.

break_glass waiting
break_glass confirm NUMBER --reason …
break_glass post ID OFFICE ROLE --reason …
break_glass phone ID MOBILE --reason …
break_glass second_factor ID --reason …
break_glass account ID --reason …
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from accounts import four_eyes
from accounts.errors import AccountError
from accounts.models import Proposal, Role, User
from municipality.models import Office


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_subparsers(dest="what", required=True)
        what.add_parser("waiting")
        takes: dict[str, list[str]] = {
            "confirm": ["number"],
            "post": ["person", "office", "role"],
            "phone": ["person", "mobile"],
            "second_factor": ["person"],
            "account": ["person"],
        }
        for name, arguments in takes.items():
            subparser = what.add_parser(name)
            for argument in arguments:
                subparser.add_argument(argument, choices=Role.values if argument == "role" else None)
            subparser.add_argument(
                "--reason", required=True, help="stands in the journal's log and on the page of proposals"
            )

    def handle(self, *args: Any, what: str, reason: str = "", **given: Any) -> None:
        try:
            with transaction.atomic():
                output = self.waiting() if what == "waiting" else self.carry_out(what, reason, given)
        except AccountError as error:
            raise CommandError(str(error)) from error
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self.stdout.write(output)

    def waiting(self) -> str:
        now = timezone.now()
        rows = Proposal.objects.filter(outcome=Proposal.Outcome.WAITING, expires_at__gt=now).select_related("person")
        return (
            "\n".join(
                f"{row.pk}\t{row.kind}\t{row.person.national_id if row.person else '-'}\t{row.role}" for row in rows
            )
            or "none"
        )

    def carry_out(self, what: str, reason: str, given: dict[str, Any]) -> str:
        done = self.find(given["number"]) if what == "confirm" else self.propose(what, reason, given)
        if isinstance(done, Proposal):
            done = four_eyes.confirm_alone(done, reason=reason)
            return f"done, on record as proposal {done.pk}"
        return "done; this takes no second administrator"

    def find(self, number: str) -> Proposal:
        proposal = Proposal.objects.filter(pk=number).first() if number.isdecimal() else None
        if proposal is None:
            raise CommandError(f"no proposal has the number {number}")
        return proposal

    def propose(self, what: str, reason: str, given: dict[str, Any]) -> object:
        person = User.objects.filter(national_id=given["person"]).first()
        if person is None:
            raise CommandError("nobody has an account with this ID number")
        if what == "post":
            office = Office.objects.filter(code=given["office"]).first()
            if office is None:
                raise CommandError("no office has this code")
            today = timezone.localdate()
            return four_eyes.give_post(person, office, given["role"], starts_on=today, reason=reason, by=None)
        if what == "phone":
            return four_eyes.change_phone(person, given["mobile"], reason=reason, by=None)
        does = {"second_factor": four_eyes.remove_second_factor, "account": four_eyes.open_account}
        return does[what](person, reason=reason, by=None)
