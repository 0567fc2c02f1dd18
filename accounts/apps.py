from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("People")

    def ready(self) -> None:
        from . import access_log, api_tokens, lending, newcomers, security_events  # noqa: F401 – these listen or register
        from .sign_on import body as sign_on_body

        sign_on_body.register()
        access_log.start()
        security_events.listen()
