"""People who get an account and a post in one go: proposed by one administrator, made when another confirms.

One typed by hand and a list from a file are the same thing; until it is confirmed nothing is made of anybody.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.text import same_name
from municipality.models import Office
from municipality.services import office_by_code

from . import access_log, emails, four_eyes, services, sms
from .access import holds_power
from .models import Act, Proposal, Role, StaffPost, User
from .visitors import Visitor, visitor_account

Kind = Proposal.Kind
# So many are named where a proposal is read; the file holds all.
NAMED = 200
# What a list says of somebody who is erased.
NOBODY = {"national_id": "", "full_name": "—", "phone": "", "email": ""}
NOTHING = (Proposal.Outcome.REFUSED, Proposal.Outcome.WITHDRAWN, Proposal.Outcome.LAPSED)


def facts_of(cleaned: dict[str, Any]) -> dict[str, str]:
    """What a proposal keeps of a valid row (importing.forms.PersonRow)."""
    days = {name: day.isoformat() if (day := cleaned.get(name)) else "" for name in ("starts_on", "ends_on")}
    plain = {name: cleaned.get(name) or "" for name in ("national_id", "full_name", "phone", "email", "role")}
    return plain | days | {"office": cleaned["office"].code, "language": cleaned.get("language") or "ar"}


def problem_with(facts: dict[str, str], today: date) -> str:
    """Why this person cannot get this post, by what is on file now; nothing when they can."""
    office = office_by_code(facts["office"])
    if office is None:
        return _("There is no such office: give its code.")
    first, last = _days(facts, today)
    if last and last < first:
        return _("The end date is before the start date.")
    try:
        asked = StaffPost(office=office, role=facts["role"], starts_on=first, ends_on=last)
        asked.clean_fields(exclude=["user", "office"])
        asked.clean()
    except ValidationError as error:
        return " ".join(error.messages)
    person = User.objects.filter(national_id=facts["national_id"]).first()
    return _problem_with_account(person, facts, office, today) if person else ""


def _problem_with_account(person: User, facts: dict[str, str], office: Office, today: date) -> str:
    """Nothing of an account that is there is changed in passing."""
    if not person.is_active:
        return _("The account of this ID number is closed.")
    if not same_name(person.full_name, facts["full_name"]):
        return _("The ID number is on file under another name.")
    if person.phone != facts["phone"]:
        return _("Another mobile is on file for this ID number.")
    if facts["email"] and not person.email and holds_power(person) and not sms.can_reach(person.phone):
        return str(emails.EMAIL_OF_STAFF)
    same = StaffPost.objects.current(today).filter(user=person, office=office, role=facts["role"])
    return _("This person already holds this post.") if same.exists() else ""


def _days(facts: dict[str, str], today: date) -> tuple[date, date | None]:
    """A first day that has passed meanwhile is today: no post begins before it was confirmed."""
    first = date.fromisoformat(facts["starts_on"]) if facts["starts_on"] else today
    return max(first, today), date.fromisoformat(facts["ends_on"]) if facts["ends_on"] else None


def propose(people: Sequence[dict[str, str]], *, reason: str, by: User, now: datetime | None = None) -> Proposal:
    """Propose these people and their posts, all together; with anything corrected it is another proposal. AccountError
    as `four_eyes.propose`.
    """
    facts = {"people": list(people)}
    told_apart = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
    return four_eyes.propose(Kind.PEOPLE, told_apart, facts, reason=reason, by=by, now=now or timezone.now())


@four_eyes.carries_out(Kind.PEOPLE)
def _add(proposal: Proposal, by: User | None, now: datetime) -> None:
    """All of them, or ValidationError for whoever cannot get the post any more, and nobody. The addresses of all are
    asked about before any has power: from then on only they themselves type one.
    """
    today = timezone.localdate(now)
    made = [(facts, _account_of(facts, by, now)) for facts in people_in(proposal)]
    for facts, person in made:
        office = Office.objects.get(code=facts["office"])
        first, last = _days(facts, today)
        services.create_staff_post(person, office, facts["role"], on=first, until=last)
        access_log.record(Act.POST_GIVEN, by=by, person=person, office=office, subject=facts["role"], now=now)


def _account_of(facts: dict[str, str], by: User | None, now: datetime) -> User:
    if problem := problem_with(facts, timezone.localdate(now)):
        raise ValidationError(f"{facts['full_name']}: {problem}")
    visitor = Visitor.typed(**{name: facts[name] for name in ("national_id", "full_name", "phone")})
    person = visitor_account(visitor, language=facts["language"])
    if facts["email"] and not person.email:
        emails.request_change(person, facts["email"], by=by, now=now)
    return person


def people_in(proposal: Proposal) -> list[dict[str, str]]:
    """Whom a proposal of this kind is about."""
    return list((proposal.facts or {}).get("people", ()))


def forget(person: User) -> None:
    """Somebody is erased: the lists they stood on tell no more who they are. Call before their number goes."""
    for proposal in Proposal.objects.select_for_update().filter(kind=Kind.PEOPLE):
        people = people_in(proposal)
        left = [facts if facts["national_id"] != person.national_id else facts | NOBODY for facts in people]
        if left != people:
            Proposal.objects.filter(pk=proposal.pk).update(facts={"people": left})


def forget_old(now: datetime, most: int) -> int:
    """Of lists nothing came of, KEEP_NOTICES_DAYS after that was clear: who stood on them. Returns how many lists."""
    old = now - timedelta(days=settings.KEEP_NOTICES_DAYS)
    came_to_nothing = Proposal.objects.filter(kind=Kind.PEOPLE, outcome__in=NOTHING, answered_at__lt=old)
    rows = list(came_to_nothing.exclude(facts={"people": []}).order_by("pk")[:most])
    for proposal in rows:
        Proposal.objects.filter(pk=proposal.pk).update(facts={"people": []})
    return len(rows)


@four_eyes.describes(Kind.PEOPLE)
def _in_words(proposal: Proposal) -> list[str]:
    people = people_in(proposal)
    lines = [_line(facts) for facts in people[:NAMED]]
    if more := len(people) - len(lines):
        lines.append(ngettext("and %(n)d more", "and %(n)d more", more) % {"n": more})
    return lines


def _line(facts: dict[str, str]) -> str:
    office = office_by_code(facts["office"])
    words = {
        "name": facts["full_name"],
        "id": facts["national_id"],
        "phone": facts["phone"],
        "role": dict(Role.choices).get(facts["role"], facts["role"]),
        "office": office.name if office else facts["office"],
    }
    return _("%(name)s (%(id)s, %(phone)s): %(role)s, %(office)s") % words
