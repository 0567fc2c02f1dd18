"""Documents worth judging a viewer by, each made once for the demo and sent with a few of its building permits: sheets
of A0 in two revisions, a drawing with layers, a long report, a paper stamped and signed, a scan lying sideways, a
photograph as large as a telephone takes it.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pikepdf
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pikepdf import Array, Dictionary, Name
from PIL import Image, ImageDraw, ImageFont
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers

from core.own_thread import in_own_thread

A0, A4 = (3370, 2384), (595, 842)
PAGES = 160
# Of a plan drawn at 1:50: points of a metre on paper.
METRE = 72 / 25.4 * 20
# Rooms of one floor in metres: left, lower edge, width, depth, name.
ROOMS = (
    (0, 0, 5.2, 4.6, "Majlis"), (5.2, 0, 4.0, 4.6, "Dining"), (9.2, 0, 4.8, 4.6, "Living"),
    (0, 4.6, 3.6, 3.2, "Kitchen"),
    (3.6, 4.6, 1.2, 8.2, "Corridor"), (4.8, 4.6, 4.4, 4.1, "Bedroom 1"), (9.2, 4.6, 4.8, 4.1, "Bedroom 2"),
    (0, 7.8, 3.6, 5.0, "Stairs"), (4.8, 8.7, 4.4, 4.1, "Bedroom 3"), (9.2, 8.7, 4.8, 4.1, "Bedroom 4"),
)  # fmt: skip


def rooms(revision: str) -> Sequence[tuple[float, float, float, float, str]]:
    """The floor as it was sent first, and with the wider corridor a reviewer had asked for."""
    if revision == "A":
        return ROOMS
    wider = {"Corridor": (3.6, 4.6, 1.6, 8.2), "Bedroom 1": (5.2, 4.6, 4.0, 4.1), "Bedroom 3": (5.2, 8.7, 4.0, 4.1)}
    return [(*wider.get(name, tuple(place)), name) for *place, name in ROOMS]  # type: ignore[misc]


def sheet(revision: str) -> bytes:
    """Six floors at 1:50 on a sheet of A0, with dimensions, a grid and a title."""
    lines = ["0.4 w 60 60 3250 2264 re S 2 w 40 40 3290 2304 re S"]
    for number in range(6):
        left, low = 180 + 1040 * (number % 3), 420 + 980 * (number // 3)
        lines.append(_text(left, low - 60, 26, f"Floor {number}  1:50"))
        for axis in range(8):
            across = left + axis * 2 * METRE
            lines.append(f"0.2 w [6 4] 0 d {across:.1f} {low - 30} m {across:.1f} {low + 13 * METRE:.1f} l S [] 0 d")
        for x, y, width, depth, name in rooms(revision):
            box = f"{left + x * METRE:.2f} {low + y * METRE:.2f} {width * METRE:.2f} {depth * METRE:.2f}"
            lines.append(f"2.2 w {box} re S")
            lines.append(_text(left + (x + 0.2) * METRE, low + (y + depth / 2) * METRE, 9, name))
            lines.append(
                _text(left + (x + 0.2) * METRE, low + (y + depth / 2 - 0.5) * METRE, 5, f"{width:.2f} x {depth:.2f} m")
            )
    lines.append(_text(2500, 120, 40, f"A-101  Revision {revision}"))
    return _pdf([(A0, "\n".join(lines))])


def report() -> bytes:
    """A soil report of 160 pages."""
    pages = []
    for page in range(1, PAGES + 1):
        words = [_text(70, 770, 16, f"Soil study - borehole {1 + page // 20}"), _text(500, 40, 9, f"{page} / {PAGES}")]
        for line in range(44):
            depth, blows = line * 0.25 + page % 7, 10 + (line * page) % 40
            words.append(
                _text(
                    70,
                    740 - 15 * line,
                    9,
                    f"{depth:6.2f} m   N = {blows:2d}   silty sand, medium dense, layer {line % 5 + 1}",
                )
            )
        pages.append((A4, "\n".join(words)))
    return _pdf(pages)


def signed() -> bytes:
    """A declaration with a stamp on it, signed with a certificate of nobody's."""
    with pikepdf.open(
        io.BytesIO(_pdf([(A4, _text(70, 760, 18, "Declaration of the owner - demonstration"))]))
    ) as paper:
        stamp = paper.make_stream(
            b"0.1 0.2 0.7 RG 3 w 4 4 132 72 re S BT /F1 20 Tf 0.1 0.2 0.7 rg 20 32 Td (RECEIVED) Tj ET"
        )
        stamp.Type, stamp.Subtype, stamp.BBox = Name.XObject, Name.Form, Array([0, 0, 140, 80])
        stamp.Resources = Dictionary(Font=Dictionary(F1=paper.pages[0].Resources.Font.F1))
        note = Dictionary(
            Type=Name.Annot, Subtype=Name.Stamp, Rect=Array([380, 640, 520, 720]), F=4, AP=Dictionary(N=stamp)
        )
        paper.pages[0].obj.Annots = Array([paper.make_indirect(note)])
        stamped = io.BytesIO()
        paper.save(stamped)
    place = fields.SigFieldSpec("Owner", on_page=0, box=(330, 80, 540, 150))
    owner = signers.PdfSigner(signers.PdfSignatureMetadata(field_name="Owner"), signer=_signer(), new_field_spec=place)
    out = in_own_thread(lambda: owner.sign_pdf(IncrementalPdfFileWriter(stamped)))
    return bytes(out.getbuffer())


def _signer() -> signers.SimpleSigner:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Demonstration, nobody's signature")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now).not_valid_after(now + timedelta(days=365))
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    none = serialization.NoEncryption()
    packed = serialization.pkcs12.serialize_key_and_certificates(b"demo", key, certificate, None, none)
    return signers.SimpleSigner.load_pkcs12_data(packed, other_certs=[], passphrase=None)


def sideways() -> bytes:
    """A scanned page of writing that lies on its side, as a PDF."""
    page = Image.new("L", (1240, 1754), 250)
    draw = ImageDraw.Draw(page)
    for line in range(40):
        draw.text(
            (120, 120 + 38 * line), f"Site plan, note {line + 1}: setback to the neighbour 2.00 m", fill=40, font=_FACE
        )
    out = io.BytesIO()
    page.transpose(Image.Transpose.ROTATE_90).save(out, "PDF", resolution=150)
    return out.getvalue()


def photograph() -> bytes:
    """Twelve megapixels of a house front."""
    from .files import photo

    with Image.open(io.BytesIO(photo(1))) as small:
        large = small.resize((4032, 3024), Image.Resampling.BICUBIC)
    out = io.BytesIO()
    large.save(out, "JPEG", quality=82)
    return out.getvalue()


def plan() -> bytes:
    """A DXF of one floor: walls, names in Arabic, and a layer of furniture that is switched off."""
    tags: list[tuple[int, object]] = [(0, "SECTION"), (2, "HEADER"), (9, "$ACADVER"), (1, "AC1009"), (0, "ENDSEC")]
    tags += [(0, "SECTION"), (2, "TABLES"), (0, "TABLE"), (2, "LAYER"), (70, 3)]
    for layer, colour in (("WALLS", 7), ("NAMES", 5), ("FURNITURE", -3)):
        tags += [(0, "LAYER"), (2, layer), (70, 0), (62, colour), (6, "CONTINUOUS")]
    tags += [(0, "ENDTAB"), (0, "ENDSEC"), (0, "SECTION"), (2, "ENTITIES")]
    for x, y, width, depth, name in rooms("B"):
        corners = [(x, y), (x + width, y), (x + width, y + depth), (x, y + depth)]
        for (left, low), (right, high) in zip(corners, [*corners[1:], corners[0]], strict=True):
            tags += [(0, "LINE"), (8, "WALLS"), (10, left), (20, low), (11, right), (21, high)]
        words = "".join(f"\\U+{ord(letter):04X}" for letter in ARABIC_NAMES[name.split()[0]])
        tags += [(0, "TEXT"), (8, "NAMES"), (10, x + 0.2), (20, y + depth / 2), (40, 0.3), (1, words)]
        tags += [(0, "CIRCLE"), (8, "FURNITURE"), (10, x + width / 2), (20, y + depth / 3), (40, 0.4)]
    tags += [(0, "ENDSEC"), (0, "EOF")]
    return "".join(f"{code:>3}\n{value}\n" for code, value in tags).encode("ascii")


ARABIC_NAMES = {
    "Majlis": "مجلس", "Dining": "طعام", "Living": "معيشة", "Kitchen": "مطبخ", "Corridor": "ممر", "Bedroom": "غرفة نوم",
    "Stairs": "درج",
}  # fmt: skip
_FACE = ImageFont.load_default(size=24)


def _text(x: float, y: float, size: float, words: str) -> str:
    return f"BT /F1 {size} Tf {x:.1f} {y:.1f} Td ({words}) Tj ET"


def _pdf(pages: Sequence[tuple[tuple[int, int], str]]) -> bytes:
    with pikepdf.new() as paper:
        face = paper.make_indirect(Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica))
        for size, content in pages:
            page = paper.add_blank_page(page_size=size)
            page.Resources = Dictionary(Font=Dictionary(F1=face))
            page.Contents = paper.make_stream(content.encode("ascii"))
        out = io.BytesIO()
        paper.save(out, compress_streams=True)
    return out.getvalue()


def of_a_building_permit() -> dict[str, list[tuple[str, bytes]]]:
    """By document: names of files and what is in them."""
    return {
        "arch_drawings": [("A-101-A.pdf", sheet("A")), ("A-101-B.pdf", sheet("B")), ("plan.dxf", plan())],
        "soil_report": [("soil-report.pdf", report())],
        "owner_pledge": [("declaration.pdf", signed())],
        "site_plan": [("site-plan-scan.pdf", sideways())],
        "elevation_photo": [("IMG_2041.jpg", photograph())],
    }
