from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BillingConfig(AppConfig):
    name = "billing"
    verbose_name = _("Payments")

    def ready(self) -> None:
        from transactions.books import reconcile
        from transactions.maintenance import schedule
        from transactions.selectors import search

        from . import bills, books, exchange, lowered, receiving, upkeep  # noqa: F401 – they register what they do

        search.find_also(bills.cases_by_number)
        schedule.JOBS["bills"] = schedule.Job(upkeep.EVERY, upkeep.look_after_bills)
        reconcile.KINDS.update({kind.code: kind for kind in books.KINDS})
