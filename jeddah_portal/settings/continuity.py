"""The vault: another administration that holds all that is needed to rebuild. Nothing here opens it."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from .environment import env
from .journal import BACKUP_RECIPIENT

# https://portal:TOKEN@host:port of bin/vault, or file:///folder. Unset: no vault, and every receipt is provisional.
VAULT_URL = env.str("VAULT_URL", default="")
# What the vault signs with (Ed25519, base64); `bin/vault setup` prints it.
VAULT_PUBLIC_KEY = env.str("VAULT_PUBLIC_KEY", default="")
# The certificate of a vault that signs its own.
VAULT_CA_FILE = env.str("VAULT_CA_FILE", default="")
# Whom its content is encrypted for: whoever rebuilds. The identity is kept neither here nor at the vault.
VAULT_RECIPIENT = env.str("VAULT_RECIPIENT", default=BACKUP_RECIPIENT)
# Where a rebuild is rehearsed by itself, every week: the vault's folder as it is mounted here, and the identity. For a
# host of its own, since whoever has both has everything.
REHEARSAL_VAULT = env.str("REHEARSAL_VAULT", default="")
REHEARSAL_IDENTITY = env.str("REHEARSAL_IDENTITY", default="")
# On SQLite: a folder on another disk of this place, which gets each copy first.
SECOND_MEDIUM = env.str("SECOND_MEDIUM", default="")

_place = urlsplit(VAULT_URL)
if VAULT_URL:
    if _place.scheme not in ("https", "http", "file") or not (_place.hostname or _place.path):
        raise ImproperlyConfigured("VAULT_URL must read https://portal:TOKEN@host:port or file:///folder")
    if _place.scheme == "http" and _place.hostname not in ("127.0.0.1", "localhost", "::1"):
        raise ImproperlyConfigured("VAULT_URL leads to another host without TLS; it must begin with https://")
    if _place.scheme != "file" and not VAULT_PUBLIC_KEY:
        raise ImproperlyConfigured("Set VAULT_PUBLIC_KEY: without it anybody could say that a receipt is confirmed")
    if not VAULT_RECIPIENT:
        raise ImproperlyConfigured("Set VAULT_RECIPIENT (or BACKUP_RECIPIENT): the vault gets nothing in clear")
