from django.apps import AppConfig
from django.conf import settings
from django.core.management import call_command
from django.utils.translation import gettext_lazy as _


class ContinuityConfig(AppConfig):
    name = "continuity"
    verbose_name = _("Continuity")

    def ready(self) -> None:
        from transactions.attachments import services
        from transactions.maintenance import schedule
        from transactions.outbox import heartbeat
        from transactions.signed_papers import making

        from . import copies, files, keeping, telling, watch  # noqa: F401 – they register what they do for a worker

        services.file_stored.connect(files.owe_after_upload, dispatch_uid="vault")
        making.paper_stored.connect(files.owe_after_signing, dispatch_uid="vault")
        heartbeat.beside(keeping.keep)
        if settings.REHEARSAL_VAULT:
            schedule.JOBS[watch.REHEARSAL] = schedule.Job(watch.REHEARSED_EVERY, lambda _now: call_command("rehearse"))
