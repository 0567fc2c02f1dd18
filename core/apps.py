from django.apps import AppConfig


class CoreConfig(AppConfig):
    """Template tags; no tables."""

    name = "core"
