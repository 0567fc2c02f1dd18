from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("People")

    def ready(self) -> None:
        from . import four_eyes, programs, security_events, trail  # noqa: F401 – the first two listen

        trail.start()
        security_events.listen()
