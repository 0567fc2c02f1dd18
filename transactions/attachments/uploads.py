"""Uploads go to disk in pieces and stop being kept past the limit, so a huge one fills neither memory nor disk."""

from __future__ import annotations

import tempfile
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, TemporaryFileUploadHandler

from core.units import MIB

from ..domain.limits import MAX_FILE_BYTES
from .services import StorageFull

# A little more than the limit is kept, so that the refusal can name the file and say why.
MAX_KEPT_BYTES = MAX_FILE_BYTES + MIB


class _UnnamedFile(UploadedFile):
    """On disk without a name: Django would put what follows the last dot of the sender's into it, however long."""

    def __init__(self, name: Any, content_type: Any, charset: Any, extra: Any) -> None:
        file = tempfile.TemporaryFile()  # noqa: SIM115 – Django closes it with the request
        super().__init__(file, name, content_type, 0, charset, extra)


class BoundedUploadHandler(TemporaryFileUploadHandler):
    """Keeps at most MAX_KEPT_BYTES of a file but counts all of it: attachments.services refuses it by its size."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        FileUploadHandler.new_file(self, *args, **kwargs)
        try:
            file = _UnnamedFile(self.file_name, self.content_type, self.charset, self.content_type_extra)
            self.file = file  # type: ignore[assignment]
        except OSError as error:
            raise StorageFull from error
        self.written = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        if self.written <= MAX_KEPT_BYTES:
            try:
                self.file.write(raw_data)
            except OSError as error:
                raise StorageFull from error
            self.written += len(raw_data)

    def file_complete(self, file_size: int) -> UploadedFile:
        try:
            self.file.seek(0)
        except OSError as error:
            raise StorageFull from error
        self.file.size = file_size
        return self.file
