"""The journal, receipts and backups."""

from __future__ import annotations

import re
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from .environment import DEMO, VAR, env, secret

# -- the journal and receipts ----------------------------------------------------------------------------------
JOURNAL_NODE = env.str("JOURNAL_NODE", default="C1")
# Written by a rebuild: the letter after the last one that was lost (continuity/after_loss.py).
JOURNAL_INCARNATION_FILE = VAR / "incarnation"
_taken = JOURNAL_INCARNATION_FILE.read_text(encoding="ascii").strip() if JOURNAL_INCARNATION_FILE.exists() else "A"
JOURNAL_INCARNATION = env.str("JOURNAL_INCARNATION", default="") or _taken
if not re.fullmatch("[A-Z][0-9A-Z][A-Z]", JOURNAL_NODE + JOURNAL_INCARNATION):
    raise ImproperlyConfigured("JOURNAL_NODE is a letter and a letter or digit, JOURNAL_INCARNATION a letter (A to Z).")
JOURNAL_KEY = env.str("JOURNAL_KEY", default="")
JOURNAL_KEY_FILE = env.str("JOURNAL_KEY_FILE", default=str(VAR / "keys" / f"{JOURNAL_NODE}{JOURNAL_INCARNATION}.key"))
if not (DEMO or JOURNAL_KEY or Path(JOURNAL_KEY_FILE).exists()):
    raise ImproperlyConfigured("Set JOURNAL_KEY, or put the journal's key into JOURNAL_KEY_FILE.")
# Public keys of earlier chains, by node and letter (C1A=base64,…): what the daily check holds them to.
JOURNAL_PUBLIC_KEYS = env.dict("JOURNAL_PUBLIC_KEYS", default={})
# Who signs the node list (Ed25519, 32 bytes, base64): none, and no list is used. A demo signs its own.
NODE_LIST_KEY = env.str("NODE_LIST_KEY", default="")
if NODE_LIST_KEY and not re.fullmatch(r"[A-Za-z0-9+/]{43}=", NODE_LIST_KEY):
    raise ImproperlyConfigured("NODE_LIST_KEY is the public key that signs the node list: 32 bytes, base64.")
# A list carried here as a file, for when the database has none; whichever is newer counts.
NODE_LIST_FILE = Path(env.str("NODE_LIST_FILE", default=str(VAR / "nodes.json")))
NODE_LIST_DEMO_KEY_FILE = VAR / "keys" / "nodes.key"
RECEIPT_PIN_KEY = secret("RECEIPT_PIN_KEY")

# -- signed documents (PDF) --------------------------------------------------------------------------------------
# Certificate, key and the certificates above it: PKCS#12 or PEM. A demo without it makes an authority of its own.
PAPER_SIGNING_FILE = env.str("PAPER_SIGNING_FILE", default="")
# Of that file, or the PIN of the HSM.
PAPER_SIGNING_PASSWORD = env.str("PAPER_SIGNING_PASSWORD", default="")
# The key is in an HSM: MODULE|TOKEN|KEY, and the file holds certificates alone.
PAPER_SIGNING_PKCS11 = env.str("PAPER_SIGNING_PKCS11", default="")
if PAPER_SIGNING_PKCS11 and (PAPER_SIGNING_PKCS11.count("|") != 2 or not PAPER_SIGNING_FILE):
    raise ImproperlyConfigured(
        "PAPER_SIGNING_PKCS11 must read MODULE|TOKEN|KEY, with the certificates in PAPER_SIGNING_FILE."
    )
PAPER_DEMO_KEYS = VAR / "keys"

# -- backups: encrypted for this age recipient, whose identity is kept elsewhere -----------------------------------
BACKUP_RECIPIENT = env.str("BACKUP_RECIPIENT", default="")
BACKUP_DIR = Path(env.str("BACKUP_DIR", default=str(VAR / "backups")))
# So many of them stay there.
BACKUP_KEEP = max(1, env.int("BACKUP_KEEP", default=14))
