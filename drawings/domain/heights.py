"""Heights as they are written on a drawing. Pure."""

from __future__ import annotations

import re

_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹٫،", "01234567890123456789..")
_NUMBER = re.compile(r"[+-]?\d{1,3}(?:[.,]\d{1,3})?(?!\d)")


def height_in(text: str) -> float | None:
    """Metres in “H = 12.40”, “+12.40 m”, “الارتفاع ١٢٫٤٠”; None when there is not exactly one number."""
    results = _NUMBER.findall(text.translate(_DIGITS))
    return float(results[0].replace(",", ".")) if len(results) == 1 else None
