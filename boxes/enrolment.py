"""The enrolment of a box: all it needs to begin, in one file sealed with a secret that is shown once. No Django.

The centre makes the keys, seals them and forgets their private halves. `python -m boxes.enrolment FILE FOLDER` opens it
on the box, before anything of the portal is set up there, and writes the folder the box runs from.
"""

from __future__ import annotations

import argparse
import getpass
import json
import os
import secrets
import sys
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

# How a file begins, in clear; after it salt, nonce, and what is sealed.
HEAD = b"jeddah-portal enrolment 1\n"
SALT, NONCE = 16, 12
# Letters that are not taken for one another: 25 of 19 are 106 bits.
LETTERS = "BCDFGHJKMNPQRTVWXYZ"
GROUPS, LENGTH = 5, 5
SETTINGS, NEWS = "office.json", "enrolment-news.json"
# The files of secrets beside it.
JOURNAL_KEY, AGE_KEY, ENVIRONMENT = "journal.key", "age.key", "secrets.json"


class NotOpened(ValueError):
    """The file is no enrolment, or the secret is not the one shown with it."""


def make_secret() -> str:
    """As it is shown: five groups of five letters."""
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(LENGTH)) for _ in range(GROUPS))


def bare(secret: str) -> str:
    """However it is typed: capitals or not, with or without hyphens and spaces."""
    return "".join(letter for letter in secret.upper() if letter in LETTERS)


def _cipher(secret: str, salt: bytes) -> ChaCha20Poly1305:
    """The cost is fixed: a file sealed by a fast machine opens on a slow one."""
    return ChaCha20Poly1305(Scrypt(salt=salt, length=32, n=1 << 15, r=8, p=1).derive(bare(secret).encode()))


def seal(content: dict[str, Any], secret: str) -> bytes:
    """The file."""
    salt, nonce = secrets.token_bytes(SALT), secrets.token_bytes(NONCE)
    clear = json.dumps(content, ensure_ascii=False).encode()
    return HEAD + salt + nonce + _cipher(secret, salt).encrypt(nonce, clear, HEAD)


def unseal(file: bytes, secret: str) -> dict[str, Any]:
    """What is in the file. NotOpened."""
    begin = len(HEAD) + SALT
    salt, nonce, sealed = file[len(HEAD) : begin], file[begin : begin + NONCE], file[begin + NONCE :]
    if not file.startswith(HEAD) or len(nonce) < NONCE:
        raise NotOpened("this file is no enrolment of a box")
    try:
        content: dict[str, Any] = json.loads(_cipher(secret, salt).decrypt(nonce, sealed, HEAD))
    except (InvalidTag, ValueError) as error:
        raise NotOpened("the secret is not the one shown with this file, or the file is damaged") from error
    return content


def write_folder(content: dict[str, Any], folder: Path) -> None:
    """Make the box's folder. FileExistsError where there is a box already: it keeps its own numbers."""
    if (folder / SETTINGS).exists():
        raise FileExistsError(f"there is a box in {folder} already")
    keys = folder / "keys"
    for place in (folder, keys):
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
    private = content.pop("private")
    made = {name: secrets.token_urlsafe(48) for name in ("SECRET_KEY", "SECOND_FACTOR_KEYS")}
    _write(keys / JOURNAL_KEY, private["journal_key"] + "\n")
    _write(keys / AGE_KEY, private["age_key"] + "\n")
    _write(keys / ENVIRONMENT, json.dumps(made | {"RECEIPT_PIN_KEY": private["pin_key"]}))
    _write(folder / NEWS, content.pop("news"))
    # Last: with it there is a box here.
    _write(folder / SETTINGS, json.dumps(content, indent=1, ensure_ascii=False))


def _write(path: Path, text: str) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())


def main() -> int:
    """Ask for the secret, open the file, write the folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("folder", type=Path)
    given = parser.parse_args()
    secret = getpass.getpass("one-time secret: ") if sys.stdin.isatty() else sys.stdin.readline()
    try:
        content = unseal(given.file.read_bytes(), secret)
        write_folder(content, given.folder)
    except (NotOpened, OSError) as error:
        sys.stderr.write(f"not set up: {error}\n")
        return 1
    sys.stdout.write(f"{content['node']}{content['letter']} is set up in {given.folder}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
