from django.apps import AppConfig
from django.conf import settings
from django.utils.translation import gettext_lazy as _


class BoxesConfig(AppConfig):
    name = "boxes"
    verbose_name = _("Office boxes")

    def ready(self) -> None:
        if settings.OFFICE_BOX:
            from .office import outgoing, place

            outgoing.listen()
            place.say_what_a_receipt_is_worth()
            return
        from journal import receipts

        from .centre import erasing, intake, registering  # noqa: F401 – they register a job, a proposal, a listener

        receipts.register_elsewhere(registering.key_of)
