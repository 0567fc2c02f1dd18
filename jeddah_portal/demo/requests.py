"""What people ask for: believable answers and small real files for each service."""

from __future__ import annotations

import io
from datetime import date, timedelta
from random import Random
from typing import Any

from PIL import Image, ImageDraw

from .names import STREETS

CONDITIONS = ("lived_in", "not_in_wadi", "not_state_land", "not_disputed", "not_in_breach", "no_ownership")


def answers_for(code: str, chance: Random, *, district: str, on: date) -> dict[str, Any]:
    """Typed answers of one request that intake accepts."""
    return {"electricity-connection": _electricity, "land-subdivision": _subdivision, "building-permit": _building}[
        code
    ](chance, district, on)


def _deed(chance: Random, district: str, on: date) -> dict[str, Any]:
    return {
        "deed_number": str(chance.randrange(10**9, 10**12)),
        "deed_date": (on - timedelta(days=chance.randrange(200, 7000))).isoformat(),
        "plan_number": str(chance.randrange(100, 900)),
        "block_number": str(chance.randrange(1, 40)),
        "parcel_number": str(chance.randrange(1, 400)),
        "district": district,
    }


def _electricity(chance: Random, district: str, on: date) -> dict[str, Any]:
    ownership = chance.choices(("none", "deed", "permit"), (60, 25, 15))[0]
    found = {
        "request_kind": chance.choices(("new", "increase", "split"), (70, 20, 10))[0],
        "ownership": ownership,
        "load_kva": str(chance.choice((15, 25, 30, 50, 69))),
        "meters": str(chance.choice((1, 1, 1, 2, 3))),
        "district": district,
        "street": chance.choice(STREETS),
        **dict.fromkeys(CONDITIONS, True),
    }
    if ownership != "none":
        deed = _deed(chance, district, on)
        names = ["plan_number", "block_number", "parcel_number"]
        names += ["deed_number", "deed_date"] if ownership == "deed" else []
        found |= {name: deed[name] for name in names}
    return found


def _subdivision(chance: Random, district: str, on: date) -> dict[str, Any]:
    area = chance.choice((800, 900, 1000, 1250, 1600, 2400, 3600, 4900, 6200, 9000))
    count = 2 if area < 1500 else chance.choice((2, 3, 4))
    part = round(area / count, 2)
    parts = [
        {
            "area_m2": str(part if n else round(area - part * (count - 1), 2)),
            "frontage_m": str(chance.choice((11, 12, 15, 18, 20))),
            "street": chance.choice(STREETS),
            "street_width_m": str(chance.choice((10, 12, 15, 20))),
        }
        for n in range(count)
    ]
    return _deed(chance, district, on) | {
        "area_m2": str(area),
        "land_use": chance.choices(("residential", "commercial"), (95, 5))[0],
        "villas": chance.choice(("detached", "attached")),
        "parts": parts,
    }


def _building(chance: Random, district: str, on: date) -> dict[str, Any]:
    plot = chance.choice((400, 500, 600, 625, 750, 900))
    ground = round(plot * chance.uniform(0.45, 0.74))
    floors = chance.choice((1, 2, 2, 3))
    return _deed(chance, district, on) | {
        "plot_area_m2": str(plot),
        "frontage_m": str(chance.choice((15, 20, 25))),
        "street_width_m": str(chance.choice((12, 15, 20, 30))),
        "land_use": chance.choices(("residential", "mixed", "industrial"), (92, 6, 2))[0],
        "survey_date": (on - timedelta(days=chance.randrange(20, 900))).isoformat(),
        "building_type": "villa" if floors < 3 else "apartments",
        "floors": str(floors),
        "ground_area_m2": str(ground),
        "total_area_m2": str(round(ground * floors * 0.95) if floors > 1 else ground),
        "units": str(1 if floors < 3 else 6),
        "parking": str(2 if floors < 3 else 6),
    }


def paper() -> bytes:
    """A one-page PDF that opens."""
    out = io.BytesIO()
    _sheet((595, 842), "DEMO").save(out, "PDF", resolution=72)
    return out.getvalue()


def photo(number: int) -> bytes:
    """A small picture of a house front."""
    out = io.BytesIO()
    image = Image.new("RGB", (320, 240), (150, 190, 225))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 190, 320, 240), fill=(190, 170, 130))
    draw.rectangle((70, 70, 250, 200), fill=(225, 205, 170), outline=(120, 100, 70))
    for x in range(90, 240, 50):
        draw.rectangle((x, 95, x + 28, 130), fill=(90 + 10 * number, 110, 130))
    draw.rectangle((145, 150, 175, 200), fill=(110, 70, 40))
    image.save(out, "JPEG", quality=60)
    return out.getvalue()


def _sheet(size: tuple[int, int], word: str) -> Image.Image:
    image = Image.new("L", size, 255)
    draw = ImageDraw.Draw(image)
    draw.rectangle((40, 40, size[0] - 40, size[1] - 40), outline=0)
    for y in range(120, size[1] - 120, 28):
        draw.line((70, y, size[0] - 70 - (y * 37) % 120, y), fill=160)
    draw.text((60, 60), word, fill=0)
    return image.convert("1")
