from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PermitsConfig(AppConfig):
    name = "permits"
    verbose_name = _("Tariffs")

    def ready(self) -> None:
        from outside.bodies import register_bodies

        from . import consequences, drawings  # noqa: F401 – consequences registers its receiver
        from .catalogue import load

        load()
        register_bodies()
        drawings.register_all()
