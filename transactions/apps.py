from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class TransactionsConfig(AppConfig):
    name = "transactions"
    verbose_name = _("Transactions")

    def ready(self) -> None:
        from journal import check, receipts

        from . import book, replica
        from .database import files_stay
        from .services import (  # noqa: F401 – they register
            consequences,
            dealings,
            drawings,
            leaving,
            notices,
            powers,
            recount,
            routing,
            suspension,
        )
        from .verification import number_typed, status_now

        receipts.register_status(status_now)
        receipts.register_numbers(number_typed)
        receipts.register_doubt(replica.doubt)
        check.register(book.compare, book.without_entry)
        post_migrate.connect(files_stay.set_again, sender=self, dispatch_uid="files_stay")
