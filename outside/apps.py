from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OutsideConfig(AppConfig):
    name = "outside"
    verbose_name = _("Outside bodies")

    def ready(self) -> None:
        from transactions.maintenance import schedule

        from . import bodies, exchanges, referrals, sending  # noqa: F401 – they register what they hear and do

        bodies.register_channels()
        schedule.JOBS[exchanges.JOB] = schedule.Job(exchanges.EVERY, exchanges.delete_old)
