"""Where the status site is written: a folder, or an S3-compatible bucket that is served as a web site."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Protocol

from django.core.files.base import ContentFile

from ..stores import read_options

BUCKET = "s3://"
# A reader sees a new page this many seconds later at most.
MAX_AGE = 15


class Place(Protocol):
    """Each file is whole or the one from before. Failures are OSError."""

    def put(self, name: str, text: str) -> None: ...

    def get(self, name: str) -> str:
        """The file that is there now; FileNotFoundError when there is none."""


def find_place(text: str) -> Place:
    """The place that STATUS_DIR or `build_status --to` names. ImproperlyConfigured when a bucket's address cannot be
    read; it does not quote the secret.
    """
    return Bucket(text) if text.startswith(BUCKET) else Folder(Path(text))


class Folder:
    def __init__(self, path: Path) -> None:
        self.path = path

    def put(self, name: str, text: str) -> None:
        self.path.mkdir(parents=True, exist_ok=True)
        fresh = self.path / f".{name}.new"
        fresh.write_text(text, encoding="utf-8")
        os.replace(fresh, self.path / name)

    def get(self, name: str) -> str:
        return (self.path / name).read_text(encoding="utf-8")


class Bucket:
    """Who may read it is set at the store: the portal writes, and gives nobody a right."""

    def __init__(self, url: str) -> None:
        from ..stores.s3 import Bucket as Store  # boto3 costs half a second of every start

        self.store = Store(**read_options(url, "STATUS_DIR"), object_parameters={"CacheControl": f"max-age={MAX_AGE}"})

    def put(self, name: str, text: str) -> None:
        self.store.save(name, ContentFile(text.encode(), name))

    def get(self, name: str) -> str:
        with self.store.open(name) as file:
            return bytes(file.read()).decode()
