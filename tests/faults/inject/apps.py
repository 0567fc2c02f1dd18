from django.apps import AppConfig


class Inject(AppConfig):
    name = "tests.faults.inject"

    def ready(self) -> None:
        from . import armed, points

        points.install(armed.reach)
        armed.bend_clock()
