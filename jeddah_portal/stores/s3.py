"""Attachments in an S3-compatible store. Only our own view hands them out; no address in the store is given away."""

from __future__ import annotations

import functools
import shutil
import tempfile
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.core.files import File
from storages.backends.s3 import S3Storage

from core.units import MIB

P = ParamSpec("P")
R = TypeVar("R")

CLIENT = Config(
    # A person waits meanwhile: a store that hangs is given up after five seconds, two tries and a pause together.
    connect_timeout=2,
    read_timeout=2,
    retries={"mode": "standard", "total_max_attempts": 2},
    # What every S3-compatible store understands.
    signature_version="s3v4",
    s3={"addressing_style": "path"},
    request_checksum_calculation="when_required",
    response_checksum_validation="when_required",
)
# One part after another in the thread that asked: at most 8 MB of a file are in memory.
TRANSFER = TransferConfig(use_threads=False)


def _as_oserror(method: Callable[P, R]) -> Callable[P, R]:
    """Every failure of the store as the OSError a disk would give."""

    @functools.wraps(method)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return method(*args, **kwargs)
        except ClientError as error:
            missing = error.response["Error"]["Code"] in ("NoSuchKey", "404")
            raise (FileNotFoundError if missing else OSError)(str(error)) from error
        except (BotoCoreError, Boto3Error) as error:
            raise OSError(str(error)) from error

    return wrapped


class Bucket(S3Storage):
    """A private bucket. Reading copies the object to an unnamed file on disk, which can be read twice."""

    def get_default_settings(self) -> dict[str, Any]:
        ours = {"client_config": CLIENT, "transfer_config": TRANSFER, "default_acl": None, "file_overwrite": True}
        return super().get_default_settings() | ours

    @_as_oserror
    def _open(self, name: str, mode: str = "rb") -> File[bytes]:
        copy = tempfile.TemporaryFile()  # noqa: SIM115 – closed by whoever reads it
        shutil.copyfileobj(self.bucket.Object(name).get()["Body"], copy, MIB)
        copy.seek(0)
        return File(copy, name)

    _save = _as_oserror(S3Storage._save)
    delete = _as_oserror(S3Storage.delete)
    exists = _as_oserror(S3Storage.exists)
    size = _as_oserror(S3Storage.size)
    listdir = _as_oserror(S3Storage.listdir)
    get_modified_time = _as_oserror(S3Storage.get_modified_time)

    @_as_oserror
    def link(self, name: str, other: str) -> None:
        """Copy an object inside the store, which reads and writes it itself."""
        self.bucket.Object(other).copy_from(CopySource={"Bucket": self.bucket_name, "Key": name})
