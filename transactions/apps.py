from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class TransactionsConfig(AppConfig):
    name = "transactions"
    verbose_name = _("Transactions")

    def ready(self) -> None:
        from core.db import replica
        from journal import check, receipts, verifier

        from .attachments import files_stay, render_jobs  # noqa: F401 – most of these register
        from .incidents import declaring
        from .intake import follow_up  # noqa: F401
        from .maintenance import gate_checks  # noqa: F401
        from .notifications import authorisation_events, incident_notices, notices, subscriptions  # noqa: F401
        from .papers import book
        from .papers.verification import details_of, number_typed, status_now
        from .signed_papers import batches, ending, frames, making  # noqa: F401
        from .transitions import bulk, consequences, leaving, powers, recount, staff_notices, suspension  # noqa: F401

        receipts.register_status(status_now)
        verifier.register_certificates(frames.certificates)
        receipts.register_details(details_of)
        receipts.register_numbers(number_typed)
        receipts.register_doubt(replica.doubt)
        check.register(book.compare, book.rows_without_entry)
        check.register(lambda _bodies: [], declaring.without_entry)
        check.register(ending.compare, ending.without_entry)
        post_migrate.connect(files_stay.set_again, sender=self, dispatch_uid="files_stay")
