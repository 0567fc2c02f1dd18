"""Text in drawings, in the one typeface at hand: Arabic joined and from right to left, which ezdxf does not do."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import arabic_reshaper
import fontpkg_ibm_plex_sans_arabic
from bidi import get_display
from ezdxf.addons.drawing.unified_text_renderer import UnifiedTextRenderer
from ezdxf.fonts import fonts
from ezdxf.fonts.ttfonts import TTFontRenderer
from ezdxf.lldxf.encoding import decode_dxf_unicode
from fontTools.ttLib import TTFont

ARABIC = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
MAX_LENGTH = 2000
_NAME = "plex.ttf"
_FILE = Path(fontpkg_ibm_plex_sans_arabic.__file__).parent / "files" / "IBMPlexSansArabic-Regular.ttf"
_join = arabic_reshaper.ArabicReshaper({"delete_harakat": False, "support_ligatures": True})


def visible(text: str) -> str:
    """The letters in the order and form in which they stand on paper."""
    text = decode_dxf_unicode(text[:MAX_LENGTH])
    if not ARABIC.search(text):
        return text
    return str(get_display(_join.reshape(text)))


class Lettering(UnifiedTextRenderer):
    """Writes everything in one face, whatever a drawing names: it holds none, and nothing can be opened here."""

    def __init__(self) -> None:
        super().__init__()
        # Read whole, before the cage shuts.
        face = TTFont(io.BytesIO(_FILE.read_bytes()))
        fonts._UnmanagedTrueTypeFont._glyph_caches[_NAME] = TTFontRenderer(face)
        self._font = fonts._UnmanagedTrueTypeFont(_NAME, 1.0)
        self._font.text_path_ex("".join(map(chr, range(33, 127))) + visible("أمانة"), 1.0)

    def get_font(self, font_face: Any) -> fonts.AbstractFont:
        return self._font

    def get_text_path(self, text: str, font_face: Any, cap_height: float = 1.0) -> Any:
        return super().get_text_path(visible(text), font_face, cap_height)

    def get_text_glyph_paths(self, text: str, font_face: Any, cap_height: float = 1.0) -> Any:
        return super().get_text_glyph_paths(visible(text), font_face, cap_height)

    def get_text_line_width(self, text: str, font_face: Any, cap_height: float = 1.0) -> float:
        return super().get_text_line_width(visible(text), font_face, cap_height)
