"""Arabic text as people type it: digits of both systems, and spellings that differ only by habit. Pure."""

import re
import unicodedata

_EASTERN = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")
_FOLD = str.maketrans({"أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ة": "ه", "ى": "ي", "ؤ": "و", "ئ": "ي", "ـ": ""})


def western_digits(text: str) -> str:
    """Replace Arabic-Indic and Persian digits by 0-9; everything else stays."""
    return text.translate(_EASTERN)


def whole(text: str, most: int = 18) -> int | None:
    """The whole number somebody typed in digits 0-9; None when it is none, or longer than a database column holds."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= most else None


def search_key(text: str) -> str:
    """Fold what readers do not distinguish (hamza seats, ta marbuta, alef maqsura, marks, case, digits)."""
    decomposed = unicodedata.normalize("NFKD", western_digits(text).translate(_FOLD))
    plain = "".join(char for char in decomposed if not unicodedata.combining(char))
    return " ".join(plain.casefold().split())


_MARKS = re.compile(r"[\u200e\u200f\u202a-\u202e\u2066-\u2069\u0000-\u0008\u000b-\u001f]")


def without_marks(text: str) -> str:
    """Without invisible direction and control characters, which would turn the text around them."""
    return _MARKS.sub("", text)


def isolated(text: str) -> str:
    """A name inside a sentence keeps its own direction and leaves the sentence its own (FSI … PDI)."""
    return f"\u2068{text}\u2069"


def loose_key(text: str) -> str:
    """search_key without the article, hyphens and spaces: «الشرفية», “ash sharafiyah” and “Sharafiyah” come close."""
    words = re.split(r"[\W_]+", search_key(text))
    return "".join(word for word in words if word not in _ARTICLES).removeprefix("ال")


_ARTICLES = frozenset(["al", "as", "ash", "ad", "adh", "ar", "at", "ath", "an", "az"])
