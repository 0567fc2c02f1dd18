from django.apps import AppConfig


class PermitsConfig(AppConfig):
    name = "permits"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from .catalogue import load

        load()
