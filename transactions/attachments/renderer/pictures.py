"""Photographs and scans: made small while they are read, on the paper they were meant for."""

from __future__ import annotations

import contextlib
import io
import math
import struct
import zlib
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, cast

import pi_heif
from PIL import Image, ImageFile

# What one picture may take while it is read, in bytes.
MAX_MEMORY = 680 * 1024**2
STRIP_PIXELS = 4_000_000
MAX_BYTES = 290 * 1024
QUALITIES = (85, 75, 65, 55, 45, 35)
# The longest side of a photograph that becomes a page: A4 at 300 dpi.
PHOTOGRAPH_SIDE, PHOTOGRAPH_QUALITY = 3508, 86
# The longest side of a picture in parts.
MAX_SIDE = 12_000
PART = 1600
ORIENTATION = 0x0112
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
END_OF_JPEG = b"\xff\xd9"
# Bits that any table of codes reads as something.
NO_PICTURE = b"\x55\xa3\x1c" * 500
# Bytes a pixel takes once decoded.
DEPTHS = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16B": 2, "I": 4, "LA": 4, "PA": 4, "RGB": 4, "RGBA": 4, "CMYK": 4}
# Of these the decoder holds the whole twice over while it turns their colours.
HELD_TWICE = {"HEIF": 8, "WEBP": 20}
FORMATS = ["JPEG", "PNG", "TIFF", "WEBP", "HEIF"]
Image.MAX_IMAGE_PIXELS = None
Image.init()
pi_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False, decode_threads=0)


class UnreadableFile(Exception):
    """`code` says why, for the words in attachments/examination.py; `figures` go into them."""

    def __init__(self, code: str, **figures: int) -> None:
        super().__init__(code)
        self.code, self.figures = code, figures


class Picture:
    """A picture, or a scan of many pages, opened; nothing of it is decoded before `drawn`."""

    def __init__(self, data: BinaryIO) -> None:
        self._data = data
        self._number = 1
        self._open()
        # Of moving pictures the first is shown; only a scan has pages.
        self.pages = _pages_of(self.image) if self.image.format == "TIFF" else 1

    def _open(self) -> None:
        self._data.seek(0)
        try:
            self.image = Image.open(self._data, formats=FORMATS)
            if self._number > 1:
                self.image.seek(self._number - 1)
        except MemoryError:
            raise
        except Exception as error:
            raise UnreadableFile("broken") from error
        self._whole = self.image.size  # before `draft` makes it smaller

    def _turn_to(self, page: int) -> None:
        if page != self._number:
            self._number = page
            self._open()

    def drawn(self, page: int, width: int) -> Image.Image:
        """All of it, at most so wide; three times as high if it is a strip."""
        self._turn_to(page)
        return self._small(lambda across, down: min(1.0, width / across, width * 3 / down))

    def upright(self, page: int, longest: int) -> Image.Image:
        """All of a page as it was taken, its longer side at most so many pixels."""
        self._turn_to(page)
        return self._small(lambda across, down: min(1.0, longest / max(across, down)))

    def parts(self, page: int, _width: int) -> tuple[int, int, Iterator[Image.Image]]:
        """Rows, columns and pieces of it at the size it has."""
        self._turn_to(page)
        return cut(self._small(lambda across, down: min(1.0, MAX_SIDE / max(across, down))))

    def size_held(self, page: int, most: int) -> tuple[int, int]:
        """Width and height of a page as `held` gives it. A PNG tells how it lies only after its picture."""
        self._turn_to(page)
        if self.image.format == "PNG":
            self.image.load()
        turned = self.image.getexif().get(ORIENTATION, 1) >= 5
        width, height = self._size(self._within(most), turned)
        return (height, width) if turned else (width, height)

    def held(self, page: int, most: int) -> Image.Image:
        """As large as it is, or as fits into so many bytes."""
        self._turn_to(page)
        return self._small(self._within(most))

    def _within(self, most: int) -> Callable[[int, int], float]:
        bytes_a_pixel = 1 if self.image.mode in ("1", "L") else 4
        # By whole numbers, which is quick.
        return lambda across, down: 1 / max(1, math.ceil((across * down * bytes_a_pixel / most) ** 0.5))

    def _lies(self) -> bool:
        """Was it taken with the camera on its side, so that it is turned once it is decoded?"""
        return self.image.format != "PNG" and self.image.getexif().get(ORIENTATION, 1) >= 5

    def _small(self, fit: Callable[[int, int], float]) -> Image.Image:
        """Decoded, laid on paper, made smaller as `fit` says for its width and height, and turned as it was taken."""
        image = self.image
        size = self._size(fit, self._lies())
        self._refuse_too_large(size)
        tiles = getattr(image, "tile", None)
        rawmode = str(tiles[0][3] if tiles else "")
        try:
            image = self._decoded(size)
            turned = image.getexif().get(ORIENTATION, 1)
        except MemoryError:
            raise
        except Exception as error:
            raise UnreadableFile(
                "cut" if "truncated" in str(error) or isinstance(error, struct.error) else "broken"
            ) from error
        if image.format == "TIFF":
            self._whole = image.size  # Pillow has turned it already
        size = self._size(fit, turned >= 5)
        transparent = _transparent(image, rawmode)
        factor = max(1, min(image.width // size[0], image.height // size[1]))
        small = _reduced(image, factor, transparent, _paper(image, transparent))
        self._open()  # decoded once for each who asks; the large one is not kept
        if small.size != size:
            small = small.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
        return small.transpose(TURNS[turned]) if turned in TURNS else small

    def _decoded(self, size: tuple[int, int]) -> ImageFile.ImageFile:
        """No larger than it takes for `size`, where that is cheaper."""
        try:
            return _loaded(self.image, size)
        except OSError as error:
            if "truncated" not in str(error) or self.image.format != "JPEG" or not self._lacks_only_its_end(size):
                raise
            return self.image

    def _lacks_only_its_end(self, size: tuple[int, int]) -> bool:
        """Phones leave out the last two bytes of a JPEG. Then whatever is put there, it is the same picture; where more
        is missing, it is decoded into the picture. Afterwards it has an end, and is decoded.
        """
        self._data.seek(0)
        data, seen = self._data.read().rstrip(b"\xff"), set()
        with contextlib.suppress(OSError):  # it ends so that nothing can be decoded after it
            for rest in (NO_PICTURE + END_OF_JPEG, END_OF_JPEG):
                self._data = io.BytesIO(data + rest)
                self._open()
                seen.add(_sum(_loaded(self.image, size)))
            return len(seen) == 1
        return False

    def _size(self, fit: Callable[[int, int], float], lies: bool) -> tuple[int, int]:
        width, height = self._whole
        scale = fit(height, width) if lies else fit(width, height)
        return max(1, round(width * scale)), max(1, round(height * scale))

    def _refuse_too_large(self, size: tuple[int, int]) -> None:
        image = self.image
        pixels = image.width * image.height
        if image.format in ("JPEG", "MPO"):
            shrink = max(1, min(8, image.width // max(1, size[0]), image.height // max(1, size[1])))
            shrink = 1 << (shrink.bit_length() - 1)
            needed = pixels * 4 // shrink**2
            if image.info.get("progressive"):
                # It is held whole, as coefficients of two bytes, before anything of it is seen.
                layers = [(across, down) for _id, across, down, _table in getattr(image, "layer", [])] or [(1, 1)] * 3
                finest = max(across for across, _down in layers) * max(down for _across, down in layers)
                needed += 2 * pixels * sum(across * down for across, down in layers) // finest
        else:
            needed = pixels * HELD_TWICE.get(str(image.format), DEPTHS.get(image.mode, 4))
        if needed > MAX_MEMORY:
            raise UnreadableFile(
                "too_large", megapixels=round(pixels / 1e6), most=round(MAX_MEMORY * pixels / needed / 1e6)
            )


def _pages_of(image: Any) -> int:
    try:
        return int(image.n_frames)
    except MemoryError:
        raise
    except Exception as error:
        raise UnreadableFile("cut" if isinstance(error, struct.error) else "broken") from error


def _loaded(image: ImageFile.ImageFile, size: tuple[int, int]) -> ImageFile.ImageFile:
    image.draft(image.mode, size)
    image.load()
    return image


def _sum(image: Image.Image) -> int:
    """The same for the same pixels."""
    rows, checksum = max(1, STRIP_PIXELS // image.width), 0
    for top in range(0, image.height, rows):
        checksum = zlib.crc32(image.crop((0, top, image.width, min(image.height, top + rows))).tobytes(), checksum)
    return checksum


def _transparent(image: Image.Image, rawmode: str) -> Any:
    """The colour that means "nothing here", as the decoded picture has it; None when there is none."""
    value = image.info.get("transparency")
    if image.mode == "1" and value is not None:
        return 255 if value else 0
    if isinstance(value, int):
        return value * {"L;2": 85, "L;4": 17}.get(rawmode, 1)
    if isinstance(value, tuple) and "16" in rawmode:
        return tuple(sample >> 8 for sample in value)
    return value


def _paper(image: Image.Image, transparent: Any) -> tuple[int, int, int]:
    """White, as everything is drawn for; dark for what was drawn in light colours for a dark ground."""
    if image.mode not in ("LA", "PA", "RGBA") and transparent is None:
        return (255, 255, 255)
    if image.mode in ("I", "I;16", "I;16B"):
        return (255, 255, 255)
    few = _with_alpha(image.resize((256, 256), Image.Resampling.NEAREST), transparent)
    light, dark = 0, 0
    counts = few.getcolors(256 * 256) or []
    for many, colour in counts:
        red, green, blue, alpha = cast(tuple[int, int, int, int], colour)
        if alpha > 127:
            bright = red * 299 + green * 587 + blue * 114 > 200_000
            light, dark = light + many * bright, dark + many * (not bright)
    return (64, 64, 64) if light > 19 * dark else (255, 255, 255)


def _with_alpha(image: Image.Image, transparent: Any) -> Image.Image:
    if image.mode == "1":
        image = image.convert("L")
    if transparent is not None:
        image.info["transparency"] = transparent
    return image.convert("RGBA")


def _reduced(image: Image.Image, factor: int, transparent: Any, paper: tuple[int, int, int]) -> Image.Image:
    """A strip at a time, so that beside the decoded picture nothing large is held."""
    if factor == 1 and transparent is None and image.mode in ("L", "RGB"):
        return image
    rows = factor * max(1, STRIP_PIXELS // (image.width * factor))
    strips = []
    for top in range(0, image.height, rows):
        strip = image.crop((0, top, image.width, min(image.height, top + rows)))
        seen = _seen(strip, transparent, paper)
        strips.append(seen.reduce(factor) if factor > 1 else seen)
    if len(strips) == 1:
        return strips[0]
    whole = Image.new(strips[0].mode, (strips[0].width, sum(strip.height for strip in strips)))
    down = 0
    for strip in strips:
        whole.paste(strip, (0, down))
        down += strip.height
    return whole


def _seen(strip: Image.Image, transparent: Any, paper: tuple[int, int, int]) -> Image.Image:
    """As it looks on paper, in grey or colours of eight bits."""
    if strip.mode in ("I", "I;16", "I;16B"):
        table = [value >> 8 for value in range(65536)]
        if isinstance(transparent, int) and 0 <= transparent < 65536:
            table[transparent] = 255
        return strip.convert("I").point(table, "L")
    if transparent is not None or strip.mode in ("LA", "PA", "RGBA"):
        over = _with_alpha(strip, transparent)
        ground = Image.new("RGBA", over.size, (*paper, 255))
        return Image.alpha_composite(ground, over).convert("RGB")
    return strip.convert("L" if strip.mode in ("1", "L") else "RGB")


def cut(image: Image.Image) -> tuple[int, int, Iterator[Image.Image]]:
    """Rows, columns and the pieces of a large picture, row by row."""
    rows, columns = grid(*image.size)
    boxes = boxes_of(image.width, image.height, rows, columns)
    return rows, columns, (image.crop(box) for box in boxes)


def grid(width: int, height: int) -> tuple[int, int]:
    """Rows and columns so that no part is larger than PART."""
    return -(-height // PART), -(-width // PART)


def boxes_of(width: int, height: int, rows: int, columns: int) -> Iterator[tuple[int, int, int, int]]:
    for row in range(rows):
        for column in range(columns):
            left, right = width * column // columns, width * (column + 1) // columns
            yield left, height * row // rows, right, height * (row + 1) // rows


def encoded(image: Image.Image) -> bytes:
    """Few colours as PNG, which keeps lines sharp; everything else as JPEG; at most MAX_BYTES bytes."""
    if image.mode not in ("L", "RGB"):
        image = image.convert("RGB")
    colours = image.getcolors(256)
    if colours is not None:
        plain = image
        if image.mode == "RGB":
            few = image.quantize(len(colours), Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
            plain = few if few.convert("RGB").tobytes() == image.tobytes() else image
        encoded_bytes = _saved(plain, "PNG", compress_level=6)
        if len(encoded_bytes) <= MAX_BYTES:
            return encoded_bytes
    for quality in QUALITIES:
        encoded_bytes = _saved(image, "JPEG", quality=quality, subsampling=0 if quality > 70 else 2)
        if len(encoded_bytes) <= MAX_BYTES:
            return encoded_bytes
    smaller = image.resize((image.width * 3 // 4, image.height * 3 // 4), Image.Resampling.LANCZOS)
    return encoded(smaller)


def as_photograph(picture: Picture, page: int) -> bytes:
    """A photograph, or a page of a scan, as a JPEG of its pixels and nothing else: turned as it was taken, without what
    the camera wrote beside them (when, where, with what).
    """
    image = picture.upright(page, PHOTOGRAPH_SIDE)
    if image.mode not in ("L", "RGB"):
        image = image.convert("RGB")
    image = image.copy()
    image.info = {}
    return _saved(image, "JPEG", quality=PHOTOGRAPH_QUALITY, subsampling=2, optimize=False)


def _saved(image: Image.Image, kind: str, **how: Any) -> bytes:
    if isinstance(image, ImageFile.ImageFile):
        # Pillow looks whether it would write over the file it read, by a path made whole: no folder is asked for here.
        image = image.copy()
    out = io.BytesIO()
    image.save(out, kind, **how)
    return out.getvalue()
