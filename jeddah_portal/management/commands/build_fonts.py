"""Subset IBM Plex Sans Arabic from its installed package to what these pages use, as woff2."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import fontpkg_ibm_plex_sans_arabic as package
from django.conf import settings
from django.core.management.base import BaseCommand
from fontTools import subset

WEIGHTS = {"400": "Regular", "700": "Bold"}
# Latin, Arabic with both digit systems, punctuation, the isolates and arrows our pages write.
UNICODES = "U+0020-007E,U+00A0-00FF,U+0600-06FF,U+2010-2026,U+2066-2069,U+200E-200F,U+20C1,U+FDFC"


class Command(BaseCommand):
    help = "Write the font subsets into var/built/fonts; does nothing when they are there."

    def handle(self, *args: Any, **options: Any) -> None:
        source = Path(package.__file__).parent / "files"
        target = Path(settings.BUILT_STATIC) / "fonts"
        target.mkdir(parents=True, exist_ok=True)
        for weight, name in WEIGHTS.items():
            out = target / f"plex-arabic-{weight}.woff2"
            if out.exists():
                continue
            temporary = out.with_suffix(".tmp")
            subset.main(
                [
                    str(source / f"IBMPlexSansArabic-{name}.ttf"),
                    f"--unicodes={UNICODES}",
                    "--flavor=woff2",
                    "--layout-features=*",
                    "--no-hinting",
                    "--drop-tables+=meta",
                    f"--output-file={temporary}",
                ]
            )
            temporary.replace(out)
            self.stdout.write(f"{out.name}: {out.stat().st_size // 1024} KB")
