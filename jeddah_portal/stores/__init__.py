"""Where uploaded files lie: on the disk of this machine, or in an S3-compatible store.

Everyone else asks Django's storage. Both keep the same promises: a file that `save` returned is kept; nobody ever sees
half of one; one that is not there is FileNotFoundError, every other failure an OSError; an empty folder lists as empty.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

FORM = "s3://key:secret@host[:port]/bucket[?region=…][&tls=0], special characters in key and secret percent-encoded"
SCHEMES = {"1": "https://", "0": "http://"}


def of_attachments(url: str) -> dict[str, Any]:
    """The entry in STORAGES for ATTACHMENTS_URL; the file system when it is empty."""
    if not url:
        return {"BACKEND": "jeddah_portal.stores.disk.Disk", "OPTIONS": {"allow_overwrite": True}}
    return {"BACKEND": "jeddah_portal.stores.s3.Bucket", "OPTIONS": read_options(url, "ATTACHMENTS_URL")}


def read_options(url: str, setting: str) -> dict[str, Any]:
    """The address of a bucket as options of its storage; ImproperlyConfigured, naming the setting, when it does not
    read.
    """
    try:
        return _options(url)
    except (ValueError, KeyError):
        # Without the cause, which would quote a part of the secret.
        raise ImproperlyConfigured(f"{setting} must read {FORM}") from None


def _options(url: str) -> dict[str, Any]:
    """ValueError or KeyError when anything is missing, of no known kind, or cut short by a character not encoded."""
    place = urlsplit(url)
    options = {"tls": "1", "region": "us-east-1"} | dict(parse_qsl(place.query, strict_parsing=bool(place.query)))
    bucket = place.path.strip("/")
    complete = place.username and place.password and place.hostname and bucket and place.port != 0
    if place.scheme != "s3" or not complete or "/" in bucket or place.fragment or len(options) > 2:
        raise ValueError
    return {
        "access_key": unquote(str(place.username)),
        "secret_key": unquote(str(place.password)),
        "bucket_name": bucket,
        "endpoint_url": SCHEMES[options["tls"]] + place.netloc.rpartition("@")[2],
        "region_name": options["region"],
    }
