"""Start-up checks of our own, numbered. They run with `manage.py check` and before migrate."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import default_storage
from django.db import connection

from core.emblem import BadEmblem, read_emblem


@register(Tags.security, deploy=True)
def demo_is_off(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if settings.DEMO:
        return [Error("DEMO is on: demo accounts would be open to anyone.", hint="Set DEMO=0.", id="portal.E001")]
    return []


@register(Tags.security, deploy=True)
def staff_need_a_second_factor(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if not settings.STAFF_MFA_REQUIRED:
        return [Warning("Staff may sign in without a second factor.", id="portal.W001")]
    return []


@register(Tags.security, deploy=True)
def proxies_are_counted(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if settings.BEHIND_TLS and not settings.TRUSTED_PROXIES:
        message = "TLS ends at a proxy, and its address would count as everybody's: one person's wrong tries stop all."
        return [Warning(message, hint="Set TRUSTED_PROXIES to the number of your proxies.", id="portal.W002")]
    return []


@register(Tags.security, deploy=True)
def journal_key_is_there(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    from journal import keys

    try:
        keys.signing_key()
    except (ImproperlyConfigured, ValueError) as error:
        return [Error(f"The journal cannot sign: {error}", id="portal.E002")]
    return []


@register(Tags.security, deploy=True)
def attachments_can_be_reached(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    try:
        default_storage.listdir("up")
    except OSError as error:
        return [Error(f"The store of attachments does not answer: {error}", id="portal.E004")]
    return []


@register(Tags.security, deploy=True)
def notices_reach_people(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """The backends of the demo take every message and hand it to nobody."""
    stay_here = {
        "EMAIL_URL": not settings.EMAIL_BACKEND.endswith("smtp.EmailBackend"),
        "SMS_BACKEND": settings.SMS_BACKEND == "accounts.sms.to_file",
    }
    return [
        Error(
            f"{name}: its messages stay on this machine.", hint="docs/operations.md says what fits.", id="portal.E005"
        )
        for name, stays in stay_here.items()
        if stays
    ]


@register()
def emblem_can_be_shown(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if not settings.EMBLEM_FILE:
        return []
    try:
        read_emblem(Path(settings.EMBLEM_FILE))
    except BadEmblem as error:
        return [Error(f"EMBLEM_FILE: {error}.", id="portal.E021")]
    return []


@register()
def an_official_site_has_an_official_address(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """The bar says that links of official sites end in gov.sa: on another address it would tell readers to leave."""
    host = urlsplit(settings.PORTAL_URL)
    official = host.scheme == "https" and (host.hostname or "").endswith(".gov.sa")
    if not settings.OFFICIAL_REGISTRATION or settings.DEMO or official:
        return []
    message = f"OFFICIAL_REGISTRATION is set, and {settings.PORTAL_URL} is not an https address under gov.sa."
    return [Error(message, id="portal.E022")]


@register(Tags.security, deploy=True)
def uploads_are_opened_in_a_cage(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Who opens strangers' files is held by limits alone where the kernel's filter of calls cannot be asked for."""
    from transactions.attachments.renderer.cage import filter_of_calls

    if filter_of_calls() is not None:
        return []
    return [Error("libseccomp.so.2 is not installed: uploaded files are opened without it.", id="portal.E008")]


@register(Tags.compatibility)
def the_scanner_can_be_asked(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    from transactions.attachments import scanning

    try:
        if scanning.is_set():
            scanning.daemon(settings.CLAMD_URL)
    except ImproperlyConfigured as error:
        return [Error(str(error), id="portal.E009")]
    return []


@register(Tags.compatibility)
def every_task_has_a_queue(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    from transactions.tasks import TASKS_BY_KIND

    queues = {queue.name for queue in settings.CELERY_TASK_QUEUES}
    routes = {name: route["queue"] for name, route in settings.CELERY_TASK_ROUTES.items()}
    lost = [task.name for task in TASKS_BY_KIND.values() if routes.get(task.name) not in queues]
    return [Error(f"No queue takes the task {name}.", id="portal.E003") for name in lost]


@register(Tags.security)
def documents_can_be_signed(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """A warning: without a certificate documents are issued, and their PDF waits for one."""
    from django.utils import timezone

    from transactions.signed_papers import authority

    why = authority.trouble(timezone.now())
    return [Warning(why, id="portal.W011")] if why else []


@register(Tags.templates)
def services_are_whole(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """What a catalogue file names outside itself is there; what it says itself was checked when it was registered."""
    from django.template import TemplateDoesNotExist
    from django.template.loader import get_template

    from municipality.models import Certainty
    from transactions.domain import service_types

    wrong = []
    for service in service_types.all_services():
        try:
            get_template(service.output.template)
        except TemplateDoesNotExist:
            wrong.append(f"{service.code}: there is no template {service.output.template}.")
    for kind in service_types.tariff_kinds().values():
        if kind.certainty not in Certainty:
            wrong.append(f"{kind.code}: {kind.certainty!r} is no certainty there is.")
    return [Error(words, id="portal.E010") for words in wrong]


@register(Tags.database)
def database_may_be_written(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Not a database that was put back to an earlier state, until its letter and key are new.

    Asked by `manage.py check` and by each web process that starts; commands that only read go on.
    """
    from journal import standing

    if settings.SECOND_SITE:
        return []  # its pages say so
    file = Path(str(connection.settings_dict["NAME"]))
    if connection.vendor == "sqlite" and not file.exists():
        return []  # asking would make it
    try:
        why = standing.reason_not_to_write()
    except RuntimeError:
        return []  # this process may not ask a database at all
    return [Error(why, id="portal.E020")] if why else []
