from django.apps import AppConfig


class JeddahPortalConfig(AppConfig):
    name = "jeddah_portal"

    def ready(self) -> None:
        from core import several

        from . import checks  # noqa: F401 – registers the start-up checks
        from .status_site import publish  # noqa: F401 – goes with the workers' signs of life

        several.install_translation()
