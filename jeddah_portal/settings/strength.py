"""How strong a secret is. Every function returns what is wrong with one, in words that never quote it; "" when nothing.

Guesses are counted by zxcvbn, which knows repetitions, sequences, rows of the keyboard, words and dates. What it cannot
know are the words of whoever copies an example.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from itertools import pairwise
from urllib.parse import parse_qs, unquote, urlsplit

KEY_LENGTH, KEY_GUESSES = 32, 24.0
"""Of a key of ours, which is generated: characters, and the power of ten of guesses needed. 16 random bytes pass."""
PASSWORD_LENGTH, PASSWORD_GUESSES = 12, 12.0
"""Of a password at another server, which that server's people may have chosen."""
SEED_BYTES = 32
EXAMPLES = re.compile(
    r"change|example|insecure|default|password|secret|replace|placeholder|please|dummy|sample|jeddah|portal"
    r"|municipality|your[-_ .]|^some[-_ .]|^test|[-_ .]key$|[-_ .]key[-_ .]",
    re.IGNORECASE,
)


def of_key(value: str) -> str:
    """A key that nobody types: SECRET_KEY and its like."""
    return _of(value, KEY_LENGTH, KEY_GUESSES, least_characters=8) or _phrase(value)


def _phrase(value: str) -> str:
    """What a generator makes has digits or signs, or about as many capitals as small letters, or few vowels.

    Letters drawn by lot are vowels in 5 of 26 cases; in English more than a third are. Of the keys a generator makes,
    fewer than one in 100,000 are taken for words.
    """
    letters = re.sub(r"[\W_]+", "", value)
    capitals = sum(letter.isupper() for letter in letters) / max(1, len(letters))
    vowels = sum(letter in "aeiou" for letter in letters.lower()) / max(1, len(letters))
    one_case = letters.isascii() and capitals in (0, 1)
    drawn = vowels < 0.3 if one_case else 0.28 < capitals < 0.72
    if letters.isalpha() and not drawn:
        return "can be guessed: it is made of words alone, and a key is generated"
    return ""


def of_password(value: str) -> str:
    """A password at another server."""
    return _of(value, PASSWORD_LENGTH, PASSWORD_GUESSES, least_characters=6)


def _of(value: str, length: int, guesses: float, least_characters: int) -> str:
    from zxcvbn import zxcvbn

    value = value.strip()
    if not value:
        return "is empty"
    if len(value) < length:
        return f"is shorter than {length} characters"
    if EXAMPLES.search(value):
        return "is an example or a default"
    # 24 hexadecimal digits by lot repeat three runs once in 50,000 times.
    if _repeats(value.casefold(), 4) > max(5, len(value) / 10):
        return "can be guessed: it repeats itself"
    # zxcvbn reads 72 characters; what comes after them only adds.
    if len(set(value)) < least_characters or zxcvbn(value[:72])["guesses_log10"] < guesses:
        return "can be guessed: it repeats itself, or is made of words, rows of keys or dates"
    return ""


def _repeats(value: str | bytes, size: int) -> int:
    """How many runs of so many signs stand in it before; of what was drawn by lot, next to none."""
    runs = [value[at : at + size] for at in range(len(value) - size + 1)]
    return len(runs) - len(set(runs))


def of_seed(encoded: str) -> str:
    """An Ed25519 seed of 32 random bytes, base64."""
    encoded = encoded.strip()
    if not encoded:
        return "is empty"
    try:
        seed = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return "is not base64"
    if len(seed) != SEED_BYTES:
        return f"is not {SEED_BYTES} bytes in base64"
    steps = [(later - earlier) % 256 for earlier, later in pairwise(seed)]
    even = max(steps.count(step) for step in set(steps)) > SEED_BYTES // 4
    drawn = len(set(seed)) >= SEED_BYTES // 2 and _repeats(seed, 2) <= 2
    if even or not drawn or all(32 <= byte < 127 for byte in seed) or seed in PUBLISHED:
        return "can be guessed: its bytes are not random"
    return ""


# Seeds everybody can read: the test vectors of RFC 8032 (7.1, tests 1 to 3).
PUBLISHED = frozenset(
    bytes.fromhex(seed)
    for seed in (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
    )
)


def of_recipient(value: str) -> str:
    """Whom backups are encrypted for."""
    import pyrage

    if value.upper().startswith("AGE-SECRET-KEY-"):
        return "is the identity that opens backups, which does not belong here, and is to be made anew"
    try:
        pyrage.x25519.Recipient.from_str(value)
    except pyrage.RecipientError:
        return "is no age recipient; manage.py backup --new-key FILE makes one"
    return ""


def passwords_of(url: str, *, optional: bool = False) -> dict[str, str]:
    """What is wrong with the passwords in a URL, or in several divided by ";", by host; {} when nothing is.

    A server of this machine alone needs none; nor does one that is reached with a certificate. With `optional` a
    server may know us without a user (a mail relay).
    """
    wrong = {}
    for part in url.split(";"):
        place = urlsplit(part.strip())
        asked = parse_qs(place.query)
        host = unquote(place.hostname or asked.get("host", [""])[0])
        password = unquote(place.password or asked.get("password", [""])[0])
        certified = {"sslcert", "ssl_certfile"} & asked.keys()
        relay = optional and not place.username and not password
        if stays_here(host) or certified or relay:
            continue
        if fault := of_password(password):
            wrong[host] = f"the password for {host} {fault}"
    return wrong


def stays_here(host: str) -> bool:
    """Is this the machine itself: loopback, or a socket of its file system?"""
    if not host or host.startswith("/") or host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def password_in(url: str) -> list[str]:
    """The passwords a URL carries, decoded."""
    return [unquote(password) for part in url.split(";") if (password := urlsplit(part.strip()).password)]
