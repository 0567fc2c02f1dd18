"""Arabic text as people type it: digits of both systems, and spellings that differ only by habit. Pure."""

import unicodedata

_EASTERN = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")
_FOLD = str.maketrans({"أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ة": "ه", "ى": "ي", "ؤ": "و", "ئ": "ي", "ـ": ""})


def western_digits(text: str) -> str:
    """Replace Arabic-Indic and Persian digits by 0-9; everything else stays."""
    return text.translate(_EASTERN)


def search_key(text: str) -> str:
    """Fold what readers do not distinguish (hamza seats, ta marbuta, alef maqsura, marks, case, digits)."""
    decomposed = unicodedata.normalize("NFKD", western_digits(text).translate(_FOLD))
    plain = "".join(char for char in decomposed if not unicodedata.combining(char))
    return " ".join(plain.casefold().split())
