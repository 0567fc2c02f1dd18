"""The bodies that the catalogue refers requests to, and where the settings say each answers."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts import mail, sms_gateway
from core.outside_registry import OutsideBody, register
from transactions.domain import service_types
from transactions.domain.outside import Body
from transactions.outbox import queue

# Jobs that tell people: by SMS or mail, as each wants; and those by mail alone.
BY_EITHER = ("notify", "second", "warn", "warn_name", "warn_delegation", "confirmed")
BY_MAIL = ("confirm_email", "confirm_subscription", "tell_subscriber")


@dataclass(frozen=True)
class Place:
    """Where a body answers and what messages are signed with; empty when nobody said."""

    url: str = ""
    secret: str = ""
    simulated: bool = False


def place_of(body: str) -> Place:
    """What the settings say of a body."""
    return Place(*settings.OUTSIDE_BODIES.get(body, ()))


def bodies() -> dict[str, Body]:
    """Every body a service of the catalogue refers to, by its code."""
    declared = [referral.body for service in service_types.all_services() for referral in service.referrals]
    return {body.code: body for body in declared}


def title_of(body: str) -> str:
    """What a body is called; its code once no service refers to it any more."""
    known = bodies().get(body)
    return str(known.title) if known else body


def register_bodies() -> None:
    """Put them on the page of outside bodies; called once the catalogue is loaded."""
    for body in bodies().values():
        register(_entry(body))


def _entry(body: Body) -> OutsideBody:
    return OutsideBody(
        name=body.code,
        title=body.title,
        fallback=_("Requests wait here and are sent by themselves once it answers. Until then they can go by letter."),
        is_set=lambda: bool(place_of(body.code).url),
        simulated=lambda: place_of(body.code).simulated,
    )


def register_channels() -> None:
    """The gateway of SMS and the mail server, by which people are told."""
    waiting = _("Notices wait and are sent by themselves once it answers; the portal shows them at once.")
    register(
        OutsideBody(
            name=sms_gateway.BODY,
            title=_("SMS gateway"),
            fallback=waiting,
            is_set=sms_gateway.is_set,
            waiting=_count_messages_waiting,
            simulated=lambda: settings.SMS_GATEWAY.simulated,
        )
    )
    by_smtp = "django.core.mail.backends.smtp.EmailBackend"
    register(
        OutsideBody(
            name=mail.BODY,
            title=_("Mail server"),
            fallback=waiting,
            is_set=lambda: by_smtp == settings.EMAIL_BACKEND,
            waiting=lambda: queue.count_pending(*BY_EITHER, *BY_MAIL),
        )
    )


def _count_messages_waiting() -> int:
    return queue.count_pending(*BY_EITHER)
