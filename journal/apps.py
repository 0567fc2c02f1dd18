from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class JournalConfig(AppConfig):
    name = "journal"
    verbose_name = _("Journal")

    def ready(self) -> None:
        from core import db

        from . import standing

        # Nothing is written into a database that was put back to an earlier state.
        db.register_write_check(standing.ensure_writable)
