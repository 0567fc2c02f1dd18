"""Take the icons of these pages out of their installed package, as one SVG."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from core import icons


class Command(BaseCommand):
    help = "Write the icons into var/built/img; does nothing when they are there already."

    def handle(self, *args: Any, **options: Any) -> None:
        target = Path(settings.BUILT_STATIC) / icons.SPRITE
        drawn = icons.sprite()
        if target.exists() and target.read_text(encoding="utf-8") == drawn:
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = target.with_suffix(".tmp")
        temporary.write_text(drawn, encoding="utf-8")
        temporary.replace(target)
        self.stdout.write(f"{target.name}: {len(drawn) // 1024} KB")
