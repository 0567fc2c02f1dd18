"""Text as people type and paste it: digits of every script, marks nobody sees, spellings that differ by habit. Pure.

Which function for which box: `compact` for what is one number or code however it is grouped (ID, mobile, PIN, code,
reference); `written_code` for numbers whose inner strokes mean something (deed, plan, parcel, licence); `one_line`
for names and short texts; `prose` for texts of several lines; `search_key` and `loose_key` to compare what readers
do not distinguish.
"""

import re
import unicodedata

# Signs that stand in no general category of their own but are drawn as nothing: fillers, joiners, variation selectors.
_DRAWN_AS_NOTHING = frozenset(map(ord, "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")) | {
    *range(0x180B, 0x1810),
    *range(0xFE00, 0xFE10),
    *range(0xE0100, 0xE01F0),
}
# Format characters that are drawn: the Arabic signs over and before numbers.
_DRAWN = frozenset([*range(0x0600, 0x0606), 0x06DD, 0x0890, 0x0891, 0x08E2])


def _is_mark(code: int) -> bool:
    """Is this character seen by nobody? Direction marks, joiners, soft hyphens, controls; not line ends and tabs."""
    if code in _DRAWN_AS_NOTHING:
        return True
    return code not in (0x09, 0x0A) and code not in _DRAWN and unicodedata.category(chr(code)) in ("Cc", "Cf", "Cs")


_CODES = (*range(0x20000), *range(0xE0000, 0xE0200))
_MARKS = {code: None for code in _CODES if _is_mark(code)}
_DIGITS = {code: str(unicodedata.decimal(chr(code))) for code in _CODES if unicodedata.category(chr(code)) == "Nd"}
# Full-width, half-width and small forms of a character are that character.
_FORMS = {
    code: unicodedata.normalize("NFKC", chr(code))
    for code in _CODES
    if unicodedata.decomposition(chr(code)).startswith(("<wide>", "<narrow>", "<small>", "<noBreak>"))
}
_LETTER_FORMS = {
    code: unicodedata.normalize("NFKC", chr(code))
    for code in (*range(0xFB50, 0xFDFE), *range(0xFE70, 0xFF00))
    if unicodedata.decomposition(chr(code))
}
_TATWEEL = "\u0640"
# Minus signs and bullets that are typed for a dash.
_DASHES = frozenset(chr(code) for code in _CODES if unicodedata.category(chr(code)) == "Pd") | frozenset(
    "\u02d7\u2043\u207b\u208b\u2212\u2796"
)
_STROKES = {**dict.fromkeys(map(ord, "\u2044\u2215\u29f8\u2571\\"), "/"), **{ord(dash): "-" for dash in _DASHES}}
# What groups the characters of one number and says nothing: spaces, dashes, brackets, strokes, points, keycaps.
_SAYS_NOTHING = frozenset(["Zs", "Zl", "Zp", "Ps", "Pe", "Pi", "Pf", "Pc", "Mn", "Me"])
_GROUPING = {
    code: None for code in _CODES if chr(code) in _DASHES or unicodedata.category(chr(code)) in _SAYS_NOTHING
} | dict.fromkeys(map(ord, f"\t\n{_TATWEEL}./\\\u2044\u2215:;,'\"|\u00b7\u2022\u060c\u060d\u061b\u066b\u066c"))
_BARE = _GROUPING | _MARKS


def western_digits(text: str) -> str:
    """Replace the digits of every script (Arabic-Indic, Persian, full-width, …) by 0-9; everything else stays."""
    return text if text.isascii() else text.translate(_DIGITS)


def without_marks(text: str) -> str:
    """Without invisible characters (direction, joiners, controls), which would turn or hide the text around them."""
    return text.translate(_MARKS)


def compact(text: str) -> str:
    """One number or code as it is compared: digits 0-9, no invisible marks and nothing that only groups.

    «١٠١٠-١٠١٠ ١٠», "(1010) 101 010" and "1010–101010" are one number. Letters and a plus sign stay, in their case.
    """
    return western_digits(text.translate(_FORMS)).translate(_BARE)


def plain_characters(text: str) -> str:
    """One line in plain characters: digits 0-9, one kind of dash and stroke, letters that are not drawn out."""
    plain = western_digits(text.translate(_FORMS).translate(_LETTER_FORMS).translate(_STROKES))
    return one_line(plain.replace(_TATWEEL, ""))


def written_code(text: str) -> str:
    """A number whose strokes and dashes mean something, one way: «٤١٥ / ج / س» and "415/ج/س" are the same plan."""
    return re.sub(r" ?([/-]) ?", r"\1", plain_characters(text))


def one_line(text: str) -> str:
    """A name or short text as it is kept: no invisible marks, one space between words, none around them."""
    return " ".join(without_marks(text).split())


def prose(text: str) -> str:
    """A text of several lines as it is kept: no invisible marks, line ends as one character, none around it."""
    return without_marks(re.sub("\r\n?|[\u0085\u2028\u2029]", "\n", text)).strip()


def isolated(text: str) -> str:
    """A name inside a sentence keeps its own direction and leaves the sentence its own (FSI … PDI)."""
    return f"\u2068{text}\u2069"


def parse_int(text: str, max_digits: int = 18) -> int | None:
    """The whole number a program wrote in digits 0-9; None when it is none, or longer than a database column holds."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= max_digits else None


_FOLD = str.maketrans(
    {"أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ة": "ه", "ى": "ي", "ؤ": "و", "ئ": "ي", _TATWEEL: ""}
    # As Persian and Urdu keyboards type them.
    | {"\u06cc": "ي", "\u06d0": "ي", "\u06a9": "ك", "\u06be": "ه", "\u06c1": "ه", "\u06c0": "ه", "\u06d5": "ه"}
)


def search_key(text: str) -> str:
    """Fold what readers do not distinguish (hamza seats, ta marbuta, alef maqsura, marks, case, digits, forms)."""
    composed = unicodedata.normalize("NFKC", western_digits(without_marks(text)))
    decomposed = unicodedata.normalize("NFKD", composed.translate(_FOLD))
    plain = "".join(char for char in decomposed if not unicodedata.combining(char))
    return " ".join(plain.casefold().split())


def name_key(name: str) -> str:
    """A name as it is looked up: search_key without spaces and signs, so that عبد الله is عبدالله."""
    return re.sub(r"[\W_]+", "", search_key(name))


_VOWELS = re.compile("[\u0640\u064b-\u0652\u0670]")


def same_name(first: str, other: str) -> bool:
    """Are they one name, but for vowel marks, tatweel, forms of letters, and what is not seen?"""
    return _letters_of(first) == _letters_of(other)


def _letters_of(name: str) -> str:
    return " ".join(_VOWELS.sub("", unicodedata.normalize("NFKC", without_marks(name))).split())


def name_words(sought: str) -> list[str]:
    """The words sought in a name; each stands somewhere in its name_key. The article is not asked for."""
    words = (name_key(word) for word in re.split(r"[\s\-_.,،]+", search_key(sought)))
    return [word.removeprefix("ال") if len(word) > 4 else word for word in words if word]


def loose_key(text: str) -> str:
    """search_key without the article, hyphens and spaces: «الشرفية», “ash sharafiyah” and “Sharafiyah” come close."""
    words = re.split(r"[\W_]+", re.sub("[\u2018\u2019'`\u02bb-\u02bf]", "", search_key(text)))
    return "".join(_without_article(word) for word in words if word not in ARTICLES)


def _without_article(word: str) -> str:
    return word.removeprefix("ال") if len(word) > 3 else word


ARTICLES = frozenset(["al", "as", "ash", "ad", "adh", "ar", "at", "ath", "an", "az"])


def is_storable(text: str) -> bool:
    """Does every database take it? None takes a NUL, nor half a character (a lone surrogate)."""
    try:
        return b"\0" not in text.encode()
    except UnicodeEncodeError:
        return False
