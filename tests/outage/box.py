"""The process of one office box, in its own role and folder. It is told what happens at its counter, a line of JSON
each, and answers likewise: what it does is done by the code that bin/office runs.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.utils import translation

from accounts import services as people
from accounts.models import User
from accounts.visitors import Visitor, visitor_account
from boxes.models import Outgoing
from boxes.office import delivery, outgoing, state, taking_news
from journal import export, keys, verify
from journal.models import Entry
from municipality.models import Office
from municipality.services import load_reference_data
from transactions.domain import service_types
from transactions.domain.errors import DomainError
from transactions.intake.submission import Submission
from transactions.intake.submit import submit
from transactions.models import Channel
from transactions.transitions import registers

from ..answers import files_for
from . import clock
from .words import SERVICE, answers_of, visitor


def prepare(at: datetime) -> dict[str, Any]:
    """As `bin/office setup` does once the tables are there."""
    clock.put_at(at)
    if not Office.objects.exists():
        load_reference_data()
    call_command("office_prepare")
    return {"office": state.enrolled()["office"]}


def take(at: datetime, person: int, district: str, key: str, twice: bool = False) -> dict[str, Any]:
    """A visitor's request, from the ID they show to the receipt; or why none was given. `twice`: the form is sent
    again, and `same` says whether that gave the same receipt.
    """
    clock.put_at(at)
    office = Office.objects.get(code=state.enrolled()["office"])
    clerk = User.objects.filter(is_staff=True).order_by("pk").first()
    assert clerk is not None
    service = service_types.get(SERVICE)
    answers = answers_of(key, district, at.date())
    who = visitor(person)
    try:
        with translation.override("ar"):
            applicant = visitor_account(Visitor.typed(**who))
            applicant = people.confirm_identity(applicant, {}, by=clerk, now=at)
            request = Submission(
                service=service,
                applicant=applicant,
                answers=answers,
                attachments=files_for(service, answers, clerk),
                channel=Channel.COUNTER,
                centre=office,
                language="ar",
            )
            taken = submit(request, by=clerk, key=key, now=at)
            again = submit(request, by=clerk, key=key, now=at) if twice else None
    except DomainError as error:
        return {"refused": error.code}
    said = {"reference": taken.transaction.reference, "token": taken.token}
    return said if again is None else said | {"same": again.token == taken.token}


def deliver(at: datetime, folder: str) -> dict[str, Any]:
    """What the centre has not confirmed, in files: the bytes are the same over the network and on a stick."""
    clock.put_at(at)
    outgoing.store_missing(at)
    files = []
    for number, part in enumerate(outgoing.parts()):
        place = Path(folder) / f"{state.enrolled()['node']}-{at:%m%d%H%M}-{os.getpid()}-{number}.delivery"
        with place.open("wb") as out:
            outgoing.write_part(part, out)
        files.append(str(place))
    return {"files": files}


def word(at: datetime, text: str) -> dict[str, Any]:
    """The centre's signed word of what it has."""
    clock.put_at(at)
    return {"confirmed": outgoing.confirm(delivery.take_acknowledgement(text, at)["kept"], at)}


def news(at: datetime, sealed: str) -> dict[str, Any]:
    clock.put_at(at)
    return {"newer": taking_news.take(bytes.fromhex(sealed), at)}


def told() -> dict[str, Any]:
    """What this box says of its receipts, and whether its chain is whole by the checker that stands alone."""
    entries = {entry.seq: entry for entry in Entry.objects.filter(kind="received")}
    seqs = Outgoing.objects.exclude(confirmed_at=None).values_list("seq", flat=True)
    _heads, bad = verify.verify(export.lines(), keys.public_bytes())
    return {
        "given": [entry.subject for entry in entries.values()],
        "confirmed": [entries[seq].subject for seq in seqs if seq in entries],
        "chain": "" if bad is None else str(bad),
        "ended": state.ended_why(),
    }


DO = {"prepare": prepare, "take": take, "deliver": deliver, "word": word, "news": news, "told": told}


def main() -> None:
    """Until nobody asks any more."""
    clock.install()
    registers.DRAWN = int(os.environ["OUTAGE_DRAWN"])  # drawn by the replay, from its seed
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        asked = json.loads(line)
        if "at" in asked:
            asked["at"] = datetime.fromisoformat(asked["at"])
        answers.write(json.dumps(DO[asked.pop("do")](**asked)) + "\n")
        answers.flush()
