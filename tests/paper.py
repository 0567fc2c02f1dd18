"""Booklets of slips for tests, made through the services."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from accounts import four_eyes, services
from accounts.models import User
from municipality.models import Office
from transactions.attachments.services import attach_to_draft
from transactions.attachments.slips import attach_scan
from transactions.booklets import ledger, printing
from transactions.domain import service_types
from transactions.incidents import declaring
from transactions.intake import drafts, late_entry
from transactions.models import Booklet, IncidentNotice

from .conftest import ANSWERS, NOW, PASSWORD, Cast, national_id, pdf, picture, upload

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SERVICE = "electricity-connection"
OUT = NOW - 10 * DAY
WRITTEN = NOW - 6 * DAY


def staff(name: str, number: int, office: str, role: str) -> User:
    """Somebody more than the cast has, with a post."""
    user = User.objects.create_user(national_id(number), PASSWORD, full_name=name, phone=f"+9665{number:08d}")
    services.create_staff_post(user, Office.objects.get(code=office), role, on=date(2020, 1, 1))
    return user


def printed(
    cast: Cast, second: User, *, many: int = 1, size: int = 5, now: datetime = NOW, office: str = "SC01"
) -> list[Booklet]:
    """Booklets of a centre, the cast's unless said otherwise, ordered and confirmed, in the order of their numbers."""
    centre = Office.objects.get(code=office)
    proposal = printing.order(centre, many=many, size=size, reason="for outages", by=cast.administrator, now=now)
    four_eyes.confirm(proposal, by=second, now=now)
    return list(Booklet.objects.filter(proposal=proposal).order_by("first_serial"))


def handed(
    cast: Cast, second: User, *, now: datetime = NOW, size: int = 5, office: str = "SC01", to: User | None = None
) -> Booklet:
    """One that is out at a centre and opened, the cast's unless said otherwise."""
    holder = to or cast.clerk
    (booklet,) = printed(cast, second, now=now, size=size, office=office)
    ledger.hand_out(booklet, holder, by=cast.administrator, now=now)
    return ledger.open_booklet(booklet, by=holder, now=now)


def outage(cast: Cast, second: User, start: datetime, end: datetime | None = None, *, now: datetime = NOW, **said):
    """A declared incident, of everything unless said otherwise."""
    facts = {
        "what": "declared", "text_ar": "تعطّلت الشبكة المركزية.", "text_en": "The central network is down.",
        "starts_at": start, "ended_at": end, "next_update_at": None if end else now + HOUR,
    }  # fmt: skip
    proposal = declaring.propose(IncidentNotice(**facts | said), reason="seen", by=cast.administrator, now=now)
    four_eyes.confirm(proposal, by=second, now=now)
    return IncidentNotice.objects.latest("pk")


def begun(cast, slip, *, written_at=WRITTEN, by=None, applicant=None, now=NOW, **more):
    draft = late_entry.begin(
        slip, service_types.get(SERVICE), applicant=applicant or cast.citizen, centre=Office.objects.get(code="SC01"),
        written_at=written_at, visitor_changes={}, by=by or cast.clerk, now=now, **more,
    )  # fmt: skip
    return draft


def filled(draft, by, now=NOW):
    service = draft.service_type
    drafts.save_pages(draft, [(step, ANSWERS[SERVICE]) for step in service.steps], by=by, now=now)
    for document in service.documents_for(draft.answers):
        photo = "application/pdf" not in document.accepts
        for number in range(document.least):
            content = picture("JPEG", shade=number) if photo else pdf(200 + number)
            attach_to_draft(draft, document.code, upload(f"{number}", content), by=by, now=now)
    return draft


def asked(cast, slip, **more):
    """Entered by the cast's clerk, waiting for the second person."""
    draft = filled(begun(cast, slip, **more), cast.clerk)
    attach_scan(draft, upload("slip.pdf", pdf()), by=cast.clerk, now=NOW)
    return late_entry.ask_second(draft, by=cast.clerk, now=NOW)
