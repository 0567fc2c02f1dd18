from typing import Any

from django.core.management.base import BaseCommand

from municipality.services import load_reference_data


class Command(BaseCommand):
    help = "Load offices, districts and holidays. Districts that nobody edited follow the seed; open requests stay."

    def handle(self, *args: Any, **options: Any) -> None:
        done = load_reference_data()
        if created := ", ".join(f"{count} {name}" for name, count in done.created.items() if count):
            self.stdout.write(f"{created} created")
        if done.changed:
            self.stdout.write(f"changed to what the seed says: {', '.join(done.changed)}")
        if done.left:
            self.stdout.write(f"left as administrators edited them: {', '.join(done.left)}")
