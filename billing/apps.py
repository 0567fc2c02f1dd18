from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BillingConfig(AppConfig):
    name = "billing"
    verbose_name = _("Payments")

    def ready(self) -> None:
        from core import outside_registry
        from core.outside_registry import OutsideBody
        from transactions.books import reconcile
        from transactions.maintenance import schedule
        from transactions.notifications import messages
        from transactions.selectors import search

        from . import bank, bills, books, exchange, lowered, receiving, text, upkeep  # noqa: F401 – they register

        outside_registry.register(
            OutsideBody(
                bank.NAME,
                _("The bank that collects bills (SADAD)"),
                _("Requests go on. Bills are issued once it answers; what was paid meanwhile is in its daily file."),
                is_set=bills.is_on,
                waiting=exchange.count_waiting,
                simulated=text.is_simulated,
            )
        )
        messages.added_sentences.append(text.bill_in_notice)
        search.find_also(bills.cases_by_number)
        schedule.JOBS["bills"] = schedule.Job(upkeep.EVERY, upkeep.look_after_bills)
        reconcile.KINDS.update({kind.code: kind for kind in books.KINDS})
