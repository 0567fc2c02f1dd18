"""Small real files for the requests of the demo, of which each service brings its own examples."""

from __future__ import annotations

import io

from PIL import Image, ImageDraw


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
