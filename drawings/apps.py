from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DrawingsConfig(AppConfig):
    name = "drawings"
    verbose_name = _("Checked drawings")

    def ready(self) -> None:
        from transactions.attachments import render_jobs

        from . import following, running  # noqa: F401 – following registers its receivers

        render_jobs.SLOW_KINDS.add(running.KIND)
