"""Finding a place by its name as people write it: with or without حي, the city, the article, in any transliteration.

Pure. static/js/district-picker.js folds in the same way, so that what is found there is found here.
"""

from __future__ import annotations

import re
from functools import lru_cache

from core.text import ARTICLES, loose_key, search_key

# Words around the name of a district that are no part of it, folded. Names that hold one are looked for whole first.
AROUND = frozenset(
    search_key(word)
    for word in (
        *("حي", "الحي", "بحي", "جدة", "بجدة", "في", "مدينة", "بمدينة", "محافظة", "منطقة", "السعودية", "المملكة"),
        *("jeddah", "jedda", "jiddah", "jidda", "district", "dist", "hai", "hay", "hayy", "hayi", "neighborhood"),
        *("neighbourhood", "quarter", "area", "city", "of", "in", "the", "saudi", "arabia", "ksa"),
    )
)
# What is heard alike, in this order.
_SOUNDS = [
    (re.compile(pattern), heard)
    for pattern, heard in (
        *((r"[’'`ʿʾ]", ""), (r"ee|ii|ie", "i"), (r"oo|ou|uo", "u"), (r"aa", "a"), (r"ph", "f"), (r"q", "k")),
        *((r"o", "u"), (r"e", "i"), (r"y", "i"), (r"(.)\1+", r"\1"), (r"(?<=[a-z])h$", "")),
    )
]
_GLUED = sorted((article for article in ARTICLES | {"el", "es", "esh", "en", "er"} if len(article) > 1), key=len)


def strip_place_words(text: str) -> str:
    """The name without what stands around it: «حي السلامة، جدة 23436» is السلامة."""
    words = re.split(r"[\W_]+", search_key(text))
    return " ".join(word for word in words if word and word not in AROUND and not (word.isdigit() and len(word) > 3))


@lru_cache(maxsize=4096)
def sound_key(key: str) -> str:
    """A folded name in Latin letters as it is heard; Arabic stays."""
    for pattern, sound in _SOUNDS:
        key = pattern.sub(sound, key)
    return key


@lru_cache(maxsize=4096)
def name_keys(name: str) -> tuple[str, str, str, str]:
    """A name as it is written, without article and spaces, as it is heard, and without what may stand around it."""
    loose = loose_key(name)
    return search_key(name), loose, sound_key(loose), loose_key(strip_place_words(name))


def search_keys(text: str) -> list[tuple[int, str]]:
    """What to look for, the surest first: (which of the first three of keys_of, the key)."""
    candidates = [(0, search_key(text)), (1, loose_key(text))]
    loose = loose_key(strip_place_words(text))
    bare = [loose, *(loose.removeprefix(article) for article in reversed(_GLUED) if loose.startswith(article))]
    candidates += [(1, key) for key in bare]
    candidates += [(2, sound_key(key)) for key in bare]
    return [candidate for candidate in dict.fromkeys(candidates) if len(candidate[1]) > 1]


def is_one_edit_apart(first: str, other: str) -> bool:
    """Is the one the other but for a letter left out, put in, mistaken, or two exchanged?"""
    if abs(len(first) - len(other)) > 1:
        return False
    at = next((n for n, (a, b) in enumerate(zip(first, other, strict=False)) if a != b), min(len(first), len(other)))
    rest, rest_of_other = first[at:], other[at:]
    return (
        rest[1:] == rest_of_other[1:]
        or rest[1:] == rest_of_other
        or rest == rest_of_other[1:]
        or (rest[:2] == rest_of_other[:2][::-1] and rest[2:] == rest_of_other[2:])
    )
