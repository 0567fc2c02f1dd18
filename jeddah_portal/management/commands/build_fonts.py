"""Subset IBM Plex Sans Arabic from its installed package to what these pages use, as woff2."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import fontpkg_ibm_plex_sans_arabic as package
from django.conf import settings
from django.core.management.base import BaseCommand
from fontTools import subset

WEIGHTS = {"400": "Regular", "700": "Bold"}
# Latin; the letters of Arabic and those neighbours write names with, both kinds of digits; punctuation, isolates, ﷼.
UNICODES = (
    "U+0020-007E,U+00A0-00FF,U+0609-060C,U+0615,U+061B,U+061F,U+0621-0655,U+0660-066D,U+0670-0671,U+0679,U+067E,U+0686,"
    "U+0688,U+0691,U+0698,U+06A4,U+06A9,U+06AF,U+06BA,U+06BE,U+06C1,U+06CC,U+06D2,U+06F0-06F9,U+2010-2026,U+200E-200F,"
    "U+2066-2069,U+20C1"
)
# What joins letters and sets marks, kerning, and figures of one width; no stylistic sets.
FEATURES = "init,medi,fina,isol,rlig,liga,calt,ccmp,locl,mark,mkmk,kern,tnum"
OPTIONS = (
    f"--unicodes={UNICODES}",
    f"--layout-features={FEATURES}",
    "--flavor=woff2",
    "--no-hinting",
    "--drop-tables+=meta",
)


class Command(BaseCommand):
    help = "Write the font subsets into var/built/fonts; does nothing when they are there, made by these options."

    def handle(self, *args: Any, **options: Any) -> None:
        source = Path(package.__file__).parent / "files"
        target = Path(settings.BUILT_STATIC) / "fonts"
        target.mkdir(parents=True, exist_ok=True)
        # Beside the folder, not in it: everything in it is served.
        recipe = target.parent.with_suffix(".recipe")
        fresh = recipe.exists() and recipe.read_text() == repr(OPTIONS)
        for weight, name in WEIGHTS.items():
            out = target / f"plex-arabic-{weight}.woff2"
            if fresh and out.exists():
                continue
            temporary = out.with_suffix(".tmp")
            subset.main([str(source / f"IBMPlexSansArabic-{name}.ttf"), *OPTIONS, f"--output-file={temporary}"])
            temporary.replace(out)
            self.stdout.write(f"{out.name}: {out.stat().st_size // 1024} KB")
        recipe.write_text(repr(OPTIONS))
