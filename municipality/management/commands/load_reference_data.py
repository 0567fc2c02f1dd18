from typing import Any

from django.core.management.base import BaseCommand

from municipality.services import load_reference_data


class Command(BaseCommand):
    help = "Load offices, districts and holidays; what is there already stays as it is."

    def handle(self, *args: Any, **options: Any) -> None:
        created = load_reference_data()
        self.stdout.write(", ".join(f"{count} {name}" for name, count in created.items()) + " created")
