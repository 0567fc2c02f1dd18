from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ContinuityConfig(AppConfig):
    name = "continuity"
    verbose_name = _("Continuity")

    def ready(self) -> None:
        from transactions.attachments import services
        from transactions.outbox import heartbeat

        from . import copies, files, keeping, telling  # noqa: F401 – they register what they do for a worker

        services.kept.connect(files.owe_after_upload, dispatch_uid="vault")
        heartbeat.beside(keeping.keep)
