from django.apps import AppConfig


class TransactionsConfig(AppConfig):
    name = "transactions"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from journal import receipts

        from .services import notices, routing  # noqa: F401 – they register their outbox handlers
        from .verification import status_now

        receipts.register_status(status_now)
