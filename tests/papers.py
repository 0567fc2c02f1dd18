"""PDFs and pictures for tests: whole, and wrong in each of the ways people bring them."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterable
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name
from PIL import Image

Square = tuple[int, int, int, int]


def saved(pdf: pikepdf.Pdf, **how: Any) -> bytes:
    out = io.BytesIO()
    pdf.save(out, deterministic_id="encryption" not in how, **how)
    return out.getvalue()


def blank(pages: int = 1, size: tuple[int, int] = (200, 200)) -> pikepdf.Pdf:
    pdf = pikepdf.new()
    for _page in range(pages):
        pdf.add_blank_page(page_size=size)
    return pdf


def of_pages(many: int, size: tuple[int, int] = (200, 200)) -> bytes:
    """A PDF whose page n has n black squares."""
    pdf = blank(many, size)
    for number, page in enumerate(pdf.pages, start=1):
        squares = " ".join(f"{10 + 12 * (n % 15)} {10 + 12 * (n // 15)} 8 8 re f" for n in range(number))
        page.Contents = pdf.make_stream(squares.encode())
    return saved(pdf)


def locked() -> bytes:
    return saved(blank(), encryption=pikepdf.Encryption(user="secret", owner="owner"))


def locked_for_changes() -> bytes:
    """Opens without a password; only changing it needs one."""
    return saved(blank(), encryption=pikepdf.Encryption(user="", owner="owner"))


def package() -> bytes:
    pdf = blank()
    pdf.Root.Collection = Dictionary(Type=Name.Collection, View=Name.D)
    pdf.attachments["inside.txt"] = b"a file inside"
    return saved(pdf)


def dynamic_form() -> bytes:
    pdf = blank()
    pdf.Root.NeedsRendering = True
    form = pdf.make_stream(b"<xdp:xdp xmlns:xdp='http://ns.adobe.com/xdp/'></xdp:xdp>")
    pdf.Root.AcroForm = Dictionary(Fields=Array(), XFA=form)
    return saved(pdf)


def acting(kind: str) -> bytes:
    """A PDF that does something by itself, opens another file or holds one."""
    pdf = blank()
    script = Dictionary(S=Name.JavaScript, JS=pikepdf.String("app.alert(1)"))
    launch = Dictionary(S=Name.Launch, F=pikepdf.String("calc.exe"))
    root, page = pdf.Root, pdf.pages[0].obj
    held = Dictionary(Type=Name.Filespec, F=pikepdf.String("a.exe"), EF=Dictionary(F=pdf.make_stream(b"MZ payload")))
    opening = {
        "javascript": script,
        "launch": launch,
        "another_file": Dictionary(S=Name.GoToR, F=pikepdf.String(r"\\\\server\\share"), D=Array([0, Name.Fit])),
        "file_inside": Dictionary(S=Name.GoToE, D=Array([0, Name.Fit])),
        "address_at_opening": Dictionary(S=Name.URI, URI=pikepdf.String("https://example.org/who-opened-it")),
        "chained": pdf.make_indirect(Dictionary(S=Name.GoTo, D=Array([page, Name.Fit]), Next=Array([script]))),
        "beside_crooked_notes": script,
    }
    if kind in opening:
        root.OpenAction = opening[kind]
    if kind == "beside_crooked_notes":
        page.Annots = 5
    elif kind == "attached":
        pdf.attachments["payload.exe"] = b"MZ payload"
    elif kind == "associated":
        root.AF = Array([pdf.make_indirect(held)])
    elif kind == "on_page":
        page.AA = Dictionary(O=script)
    elif kind == "in_note":
        note = Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=[10, 10, 50, 50], A=launch)
        page.Annots = Array([pdf.make_indirect(note)])
    elif kind == "in_bookmark":
        root.Outlines = Dictionary(First=pdf.make_indirect(Dictionary(Title=pikepdf.String("x"), A=launch)))
    elif kind == "in_field_below":
        deepest = Dictionary(T=pikepdf.String("c"), A=script)
        root.AcroForm = Dictionary(Fields=Array([Dictionary(Kids=Array([Dictionary(Kids=Array([deepest]))]))]))
    elif kind == "named":
        root.Names = Dictionary(JavaScript=Dictionary(Names=Array([pikepdf.String("a"), script])))
    return saved(pdf)


def _painted(pdf: pikepdf.Pdf, side: int = 40) -> pikepdf.Stream:
    """An appearance: a black square."""
    stream = pdf.make_stream(f"0 g 0 0 {side} {side} re f".encode())
    stream.Type, stream.Subtype, stream.BBox = Name.XObject, Name.Form, Array([0, 0, side, side])
    return stream


def with_notes(*kinds: str) -> bytes:
    """A page on which everything there is to see is a filled field, a signature, a stamp …, 40 points square each."""
    pdf = blank(size=(400, 100))
    notes, fields = Array(), Array()
    for number, kind in enumerate(kinds):
        rect = Array([10 + 60 * number, 20, 50 + 60 * number, 60])
        note = Dictionary(Type=Name.Annot, Rect=rect, F=4, AP=Dictionary(N=_painted(pdf)))
        if kind == "Stamp":
            note.Subtype, note.Name = Name.Stamp, Name.Approved
        else:
            note.Subtype, note.T = Name.Widget, pikepdf.String(f"{kind}{number}")
            note.FT = Name.Sig if kind == "Sig" else Name.Tx
            if kind == "Tx":
                note.V, note.DA = pikepdf.String("450"), pikepdf.String("/Helv 12 Tf 0 g")
        held = pdf.make_indirect(note)
        notes.append(held)
        if kind != "Stamp":
            fields.append(held)
    pdf.pages[0].Annots = notes
    pdf.Root.AcroForm = Dictionary(Fields=fields, DR=Dictionary(), DA=pikepdf.String("/Helv 0 Tf 0 g"))
    return saved(pdf)


def with_face(name: str, differences: Iterable[str] = (), text: bytes = b"Hello", kind: str = "TrueType") -> bytes:
    """A line in a face that the file names and does not hold."""
    pdf = blank(size=(400, 100))
    font = Dictionary(Type=Name.Font, Subtype=Name("/" + kind), BaseFont=Name("/" + name))
    if codes := [Name("/" + one) for one in differences]:
        font.Encoding = Dictionary(Type=Name.Encoding, BaseEncoding=Name.WinAnsiEncoding, Differences=[200, *codes])
        font.FirstChar, font.LastChar, font.Widths = 200, 199 + len(codes), Array([500] * len(codes))
        text = bytes(range(200, 200 + len(codes)))
    pdf.pages[0].Resources = Dictionary(Font=Dictionary(F1=font))
    pdf.pages[0].Contents = pdf.make_stream(b"BT /F1 40 Tf 20 30 Td <" + text.hex().encode() + b"> Tj ET")
    return saved(pdf)


def slow() -> bytes:
    """A few kilobytes that take any renderer minutes: drawings that place drawings that place drawings …"""
    pdf = blank()
    inner = pdf.make_stream(b"0 0 1 1 re f " * 10)
    inner.Type, inner.Subtype, inner.BBox = Name.XObject, Name.Form, Array([0, 0, 200, 200])
    for _level in range(6):
        outer = pdf.make_stream(b"/X Do " * 10)
        outer.Type, outer.Subtype, outer.BBox = Name.XObject, Name.Form, Array([0, 0, 200, 200])
        outer.Resources = Dictionary(XObject=Dictionary(X=inner))
        inner = outer
    pdf.pages[0].Resources = Dictionary(XObject=Dictionary(X=inner))
    pdf.pages[0].Contents = pdf.make_stream(b"/X Do")
    return saved(pdf)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(colours: int, bits: int, row: bytes, size: tuple[int, int], transparent: bytes = b"") -> bytes:
    """A PNG of equal rows, written by hand: what no library writes, scanners do."""
    head = struct.pack(">IIBBBBB", *size, bits, colours, 0, 0, 0)
    body = _chunk(b"IHDR", head) + (_chunk(b"tRNS", transparent) if transparent else b"")
    body += _chunk(b"IDAT", zlib.compress((b"\0" + row) * size[1])) + _chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def picture_of(image: Image.Image, kind: str = "PNG", **how: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **how)
    return out.getvalue()


def dwg(version: bytes = b"AC1032", size: int = 4096, *, wrong: str = "") -> bytes:
    """The beginning of a DWG as its version wants it, filled up; `wrong`: cut (it says it is longer) or blank."""
    body = bytearray(version + bytes(0x80 - len(version)))
    if version in (b"AC1012", b"AC1014", b"AC1015"):
        body = bytearray(version + bytes(0x15 - len(version)) + struct.pack("<I", 3))
        for number in range(3):
            body += struct.pack("<BII", number, 0x60, size * 2 if wrong == "cut" else 100)
        body += b"\0\0" + bytes.fromhex("95a04e2899821ae55e41e05f9d3a4d00")
    else:
        clear = bytearray(0x6C)
        clear[:12] = b"AcFssFcAJMB\0"
        struct.pack_into("<QQ", clear, 0x2C, 0x200, size * 2 if wrong == "cut" else 0x300)
        struct.pack_into("<Q", clear, 0x54, 0x200)
        seed = 1
        for place, byte in enumerate(clear):
            seed = (seed * 0x343FD + 0x269EC3) & 0xFFFFFFFF
            clear[place] = byte ^ (seed >> 16 & 0xFF)
        body += clear
    if wrong == "blank":
        return version + bytes(size)
    return bytes(body) + bytes(size - len(body))
