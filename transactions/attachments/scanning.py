"""Viruses: asked of clamd (ClamAV) where one is set. What nobody asked about is "not scanned", never "clean"."""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import urlsplit

from clamav_client.clamd import ClamdError, ClamdNetworkSocket, ClamdUnixSocket
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

logger = logging.getLogger(__name__)
# A person waits meanwhile; whoever is not answered is told that the file was not scanned.
SECONDS = 8
CLEAN, INFECTED, NOT_SCANNED = "clean", "infected", ""


def daemon(url: str) -> ClamdNetworkSocket:
    """Where to ask. ImproperlyConfigured when CLAMD_URL is neither unix:/path nor tcp://host:port."""
    place = urlsplit(url)
    if place.scheme == "unix" and place.path:
        return ClamdUnixSocket(place.path, timeout=SECONDS)
    if place.scheme == "tcp" and place.hostname:
        return ClamdNetworkSocket(place.hostname, place.port or 3310, timeout=SECONDS)
    raise ImproperlyConfigured("CLAMD_URL must read unix:/path/to/clamd.ctl or tcp://host:3310")


def is_set() -> bool:
    return bool(settings.CLAMD_URL)


def scan(content: Any) -> str:
    """CLEAN or INFECTED, as clamd says; NOT_SCANNED when none is set or it gives no answer. Reads from where it is."""
    if not is_set():
        return NOT_SCANNED
    try:
        ((verdict, name),) = daemon(settings.CLAMD_URL).instream(content).values()
    except (OSError, ClamdError, ValueError, AttributeError) as error:
        logger.warning("a file was not scanned", extra={"error": type(error).__name__})
        return NOT_SCANNED
    if verdict == "FOUND":
        logger.warning("a virus was found", extra={"virus": name})
        return INFECTED
    if verdict == "OK":
        return CLEAN
    logger.warning("a file was not scanned", extra={"error": str(name)[:100]})
    return NOT_SCANNED
