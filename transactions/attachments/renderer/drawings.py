"""DXF: the model and the sheets of a drawing as pages of a PDF of ours, with a stream for each layer of each page.

That PDF is drawn like any other; with some of its layers by leaving out their streams. It was made by a process that
has read a stranger's file, so it is opened in the cage only.
"""

from __future__ import annotations

import codecs
import contextlib
import importlib
import io
import pkgutil
import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import ezdxf
import ezdxf.recover
from ezdxf.addons.drawing import Frontend, RenderContext
from ezdxf.addons.drawing.backend import Backend
from ezdxf.addons.drawing.config import BackgroundPolicy, Configuration, HatchPolicy, ImagePolicy
from ezdxf.document import Drawing
from ezdxf.filemanagement import dxf_stream_info
from ezdxf.lldxf.encoding import decode_dxf_unicode
from ezdxf.lldxf.tagger import binary_tags_loader
from ezdxf.path import Command
from ezdxf.tools.codepage import codepage_to_encoding

from .lettering import ARABIC, Lettering
from .papers import ALL_STREAMS
from .pictures import UnreadableFile

BINARY = b"AutoCAD Binary DXF"
# The longer side of a page and its margin, in points: A0.
SIDE, MARGIN = 3370.0, 24.0
MAX_SHEETS = 20
MAX_LAYERS = 400
MAX_NAME = 80
MAX_POINTS = 1_500_000
FARTHEST = 1e9
# Metres of a unit of the drawing, by $INSUNITS.
METRES = {1: 0.0254, 2: 0.3048, 4: 0.001, 5: 0.01, 6: 1.0, 7: 1000.0, 10: 0.9144, 14: 0.1}
MILLIMETRE = 72 / 25.4
SOLIDS, LINES = 0, 1
LETTERS = frozenset({"TEXT", "MTEXT", "ATTRIB", "ATTDEF", "DIMENSION", "MULTILEADER", "LEADER"})
# What of ezdxf takes part in reading and drawing; the others need a screen or a program of somebody else's.
PACKAGES = (
    *("ezdxf", "ezdxf.acc", "ezdxf.entities", "ezdxf.fonts", "ezdxf.layouts", "ezdxf.lldxf", "ezdxf.math"),
    *("ezdxf.path", "ezdxf.render", "ezdxf.sections", "ezdxf.tools", "ezdxf.addons.drawing"),
)
NEED_MORE = (".__main__", ".matplotlib", ".pyqt", ".qtviewer", ".pymupdf", ".hpgl2")
_LETTERING = Lettering()
LOOK = Configuration(
    background_policy=BackgroundPolicy.WHITE,
    image_policy=ImagePolicy.RECT,
    hatch_policy=HatchPolicy.NORMAL,
    hatching_timeout=0.5,
    min_hatch_line_distance=1e-3,
)

Point = tuple[float, float]
Step = tuple[str, tuple[Point, ...]]


class Stroke(NamedTuple):
    """Something drawn: `steps` are "m", "l" or "c" with their points, in units of the drawing."""

    layer: str
    order: int
    colour: str
    width: float
    steps: Sequence[Step]
    closed: bool


class Recorder(Backend):
    """Keeps what is drawn, until it is known how large it all is."""

    def __init__(self) -> None:
        super().__init__()
        self.strokes: list[Stroke] = []
        self._points = 0

    def _keep(self, order: int, how: Any, steps: Sequence[Step], *, closed: bool = False) -> None:
        self._points += len(steps)
        if self._points > MAX_POINTS:
            raise UnreadableFile("memory")
        if all(abs(value) < FARTHEST for _step, points in steps for point in points for value in point):
            self.strokes.append(Stroke(str(how.layer), order, how.color, how.lineweight, steps, closed))

    def set_background(self, color: str) -> None:
        pass

    def draw_point(self, pos: Any, properties: Any) -> None:
        self._keep(LINES, properties, [("m", ((pos.x, pos.y),)), ("l", ((pos.x, pos.y),))])

    def draw_line(self, start: Any, end: Any, properties: Any) -> None:
        self._keep(LINES, properties, [("m", ((start.x, start.y),)), ("l", ((end.x, end.y),))])

    def draw_path(self, path: Any, properties: Any) -> None:
        self._keep(LINES, properties, list(_steps(path)))

    def draw_filled_paths(self, paths: Iterable[Any], properties: Any) -> None:
        entity = self.current_entity
        if entity is not None and entity.dxftype() in LETTERS:
            # Joined letters overlap: each is filled by itself.
            for path in paths:
                self._keep(SOLIDS, properties, list(_steps(path)), closed=True)
            return
        self._keep(SOLIDS, properties, [step for path in paths for step in _steps(path)], closed=True)

    def draw_filled_polygon(self, points: Any, properties: Any) -> None:
        corners = [(corner.x, corner.y) for corner in points.vertices()]
        steps = [("l" if number else "m", (corner,)) for number, corner in enumerate(corners)]
        self._keep(SOLIDS, properties, steps, closed=True)

    def draw_image(self, image_data: Any, properties: Any) -> None:
        pass

    def clear(self) -> None:
        self.strokes.clear()


def _steps(path: Any) -> Iterator[tuple[str, tuple[Point, ...]]]:
    if not len(path):
        return
    here = path.start
    yield "m", ((here.x, here.y),)
    for command in path.commands():
        end = command.end
        if command.type == Command.MOVE_TO:
            yield "m", ((end.x, end.y),)
        elif command.type == Command.LINE_TO:
            yield "l", ((end.x, end.y),)
        elif command.type == Command.CURVE3_TO:
            first, second = here + (command.ctrl - here) * (2 / 3), end + (command.ctrl - end) * (2 / 3)
            yield "c", ((first.x, first.y), (second.x, second.y), (end.x, end.y))
        else:
            first, second = command.ctrl1, command.ctrl2
            yield "c", ((first.x, first.y), (second.x, second.y), (end.x, end.y))
        here = end


class _Frontend(Frontend):
    """Draws lines of Arabic whole: ezdxf lays formatted ones word by word from the left."""

    def draw_mtext_entity(self, entity: Any, properties: Any) -> None:
        if ARABIC.search(decode_dxf_unicode(entity.text)):
            self.draw_simple_mtext(entity, properties)
        else:
            super().draw_mtext_entity(entity, properties)


class Layer(NamedTuple):
    """A layer as the drawing has it: shown unless it was switched off there."""

    name: str
    shown: bool


class Frame(NamedTuple):
    """Where a page shows the drawing: its lower left corner, points of a unit, the margin, and the page's size."""

    left: float = 0.0
    low: float = 0.0
    scale: float = 0.0
    margin: float = MARGIN
    width: float = SIDE
    height: float = SIDE


def opened(data: bytes) -> Drawing:
    if b"EOF" not in data.rstrip(b"\0\r\n \t\x1a")[-8:]:
        raise UnreadableFile("cut")
    try:
        if data.startswith(BINARY):
            return Drawing.load(binary_tags_loader(data, errors="ignore"))
        text = data.decode("utf-8", errors="ignore")
        encoding = dxf_stream_info(io.StringIO(text)).encoding
        return ezdxf.read(io.StringIO(data.decode(encoding, errors="surrogateescape"), newline=None))
    except MemoryError:
        raise
    except Exception:
        return _recovered(data)


def _recovered(data: bytes) -> Drawing:
    """What can be read of one that other programs repair without a word."""
    try:
        if data.startswith(BINARY):
            raise UnreadableFile("broken")
        return ezdxf.recover.read(io.BytesIO(data), errors="ignore")[0]
    except (MemoryError, UnreadableFile):
        raise
    except Exception as error:
        raise UnreadableFile("broken") from error


def converted(data: bytes) -> tuple[bytes, dict[str, Any]]:
    """A PDF, and what is known of it: its layers, and how many metres a point of its first page is (0: unknown)."""
    with contextlib.redirect_stdout(io.StringIO()):
        document = opened(data)
        shown = _switch_on(document)
        pages = list(_pages(document))
    layers = _layers(document, pages, shown)
    metres = METRES.get(int(document.header.get("$INSUNITS", 0) or 0), 0.0)
    paper, frame = _pdf(pages, layers)
    return paper, {
        "layers": [{"name": layer.name[:MAX_NAME], "shown": layer.shown} for layer in layers],
        "metres": metres / frame.scale if frame.scale else 0.0,
        # Where a point of the drawing stands on its first page (drawings/deciding.py).
        "frame": list(frame),
    }


def _pages(document: Drawing) -> Iterator[list[Stroke]]:
    """What is drawn in the model, and on each sheet that has something on it."""
    context = RenderContext(document)
    model = document.modelspace()
    yield _drawn(context, model)
    for name in list(document.layout_names_in_taborder())[1 : MAX_SHEETS + 1]:
        strokes = _drawn(context, document.paperspace(name))
        if strokes:
            yield strokes


def _drawn(context: RenderContext, layout: Any) -> list[Stroke]:
    recorder = Recorder()
    frontend = _Frontend(context, recorder, config=LOOK)
    frontend.pipeline.text_engine = _LETTERING
    try:
        frontend.draw_layout(layout)
    except (MemoryError, UnreadableFile):
        raise
    except Exception:
        if not recorder.strokes:
            raise UnreadableFile("broken") from None
    return recorder.strokes


def _switch_on(document: Drawing) -> set[str]:
    """All layers are drawn: which are shown is for whoever looks. Returns those the drawing shows."""
    shown = set()
    for layer in document.layers:
        if not (layer.is_off() or layer.is_frozen()):
            shown.add(layer.dxf.name.lower())
        layer.on()
        layer.thaw()
    return shown


def _layers(document: Drawing, pages: list[list[Stroke]], shown: set[str]) -> list[Layer]:
    """Those that have something on them, as they are written in the drawing."""
    used = {stroke.layer.lower(): stroke.layer for strokes in pages for stroke in strokes}
    known = {layer.dxf.name.lower(): layer for layer in document.layers}
    layers = []
    for key, name in sorted(used.items()):
        layer = known.get(key)
        layers.append(Layer(layer.dxf.name if layer else name, layer is None or key in shown))
    return layers[:MAX_LAYERS]


def _pdf(pages: list[list[Stroke]], layers: list[Layer]) -> tuple[bytes, Frame]:
    """The PDF, and where its first page with anything on it shows the drawing. Its pages show the layers that the
    drawing shows; all their streams stand under a key of ours (papers.ALL_STREAMS).
    """
    places = {layer.name.lower(): number for number, layer in enumerate(layers)}
    shown = [number for number, layer in enumerate(layers) if layer.shown]
    objects: list[bytes] = [b"<</Type/Catalog/Pages 2 0 R>>", b""]
    kids, first = [], Frame()
    for strokes in pages:
        frame, streams = _page(strokes, places, len(layers))
        first = first if first.scale else frame
        begin = len(objects) + 1
        for stream in streams:
            packed = zlib.compress(stream, 3)
            head = b"<</Length %d/Filter/FlateDecode>>stream\n" % len(packed)
            objects.append(head + packed + b"\nendstream")
        every = [f"{begin + number} 0 R" for number in range(len(streams))]
        contents = " ".join(every[order * len(layers) + number] for order in (SOLIDS, LINES) for number in shown)
        box = f"[0 0 {frame.width:.2f} {frame.height:.2f}]"
        kids.append(len(objects) + 1)
        page = f"<</Type/Page/Parent 2 0 R/MediaBox{box}/Resources<<>>/Contents[{contents}]"
        page += f"{ALL_STREAMS}[{' '.join(every)}]>>"
        objects.append(page.encode())
    objects[1] = f"<</Type/Pages/Count {len(kids)}/Kids[{' '.join(f'{kid} 0 R' for kid in kids)}]>>".encode()
    return _file(objects), first


def _file(objects: list[bytes]) -> bytes:
    out, places = bytearray(b"%PDF-1.7\n"), []
    for number, content in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n" % number + content + b"\nendobj\n"
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(out)


def _page(strokes: list[Stroke], places: dict[str, int], many: int) -> tuple[Frame, list[bytes]]:
    """Where it shows the drawing, and the streams: the solids of each layer, then its lines."""
    points = [point for stroke in strokes for _step, points in stroke.steps for point in points]
    if not points:
        return Frame(), [b""] * (2 * many)
    left, right = min(x for x, _y in points), max(x for x, _y in points)
    low, high = min(y for _x, y in points), max(y for _x, y in points)
    room = SIDE - 2 * MARGIN
    scale = room / max(right - left, high - low, 1e-6)
    size = (max(144.0, (right - left) * scale + 2 * MARGIN), max(144.0, (high - low) * scale + 2 * MARGIN))
    frame = Frame(left, low, scale, MARGIN, *size)
    streams: list[list[str]] = [["1 J 1 j"] for _number in range(2 * many)]
    for stroke in strokes:
        place = places.get(stroke.layer.lower())
        if place is None:
            continue
        stream = streams[stroke.order * many + place]
        stream.append(_colour(stroke))
        for step, coordinates in stroke.steps:
            numbers = " ".join(
                f"{(x - left) * scale + MARGIN:.3f} {(y - low) * scale + MARGIN:.3f}" for x, y in coordinates
            )
            stream.append(f"{numbers} {step}")
        stream.append("f*" if stroke.closed else "S")
    return frame, [f"q {' '.join(stream)} Q\n".encode() for stream in streams]


def _colour(stroke: Stroke) -> str:
    """Bright colours are meant for a dark screen: on paper they are darkened until they are seen."""
    try:
        red, green, blue = (int(stroke.colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    except ValueError:
        red = green = blue = 0.0
    bright = 0.3 * red + 0.59 * green + 0.11 * blue
    if bright > 0.65 and not stroke.closed:
        red, green, blue = (colour * 0.6 for colour in (red, green, blue))
    sign = "rg" if stroke.closed else "RG"
    width = "" if stroke.closed else f"{max(0.3, min(6.0, stroke.width * MILLIMETRE)):.2f} w "
    return f"{width}{red:.3f} {green:.3f} {blue:.3f} {sign}"


def _load_everything() -> None:
    """ezdxf loads much of itself, and Python its tables of letters, when first needed: before the cage shuts."""
    for package in PACKAGES:
        for module in pkgutil.iter_modules(importlib.import_module(package).__path__, f"{package}."):
            if not module.name.endswith(NEED_MORE):
                importlib.import_module(module.name)
    for encoding in (*codepage_to_encoding.values(), "utf-16", "latin-1"):
        with contextlib.suppress(LookupError):
            codecs.lookup(encoding)
    sample = ezdxf.new("R2010")
    space = sample.modelspace()
    space.add_text("1")
    space.add_mtext("{\\H2;1}")
    space.add_linear_dim((0, 1), (0, 0), (1, 0)).render()
    space.add_hatch().paths.add_polyline_path([(0, 0), (1, 0), (1, 1)])
    out = io.StringIO()
    sample.write(out)
    converted(out.getvalue().encode())


_load_everything()
