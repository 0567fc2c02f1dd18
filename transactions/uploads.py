"""Uploads go to disk in pieces and stop being kept past the limit, so a huge one fills neither memory nor disk."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler

from .services.attachments import MOST_BYTES, NoRoom

# A little more than the limit is kept, so that the refusal can name the file and say why.
KEPT_BYTES = MOST_BYTES + 1024 * 1024


class BoundedUploadHandler(TemporaryFileUploadHandler):
    """Keeps at most KEPT_BYTES of a file but counts all of it: services.attachments refuses it by its size."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.kept = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        if self.kept <= KEPT_BYTES:
            try:
                self.file.write(raw_data)
            except OSError as error:
                raise NoRoom from error
            self.kept += len(raw_data)

    def file_complete(self, file_size: int) -> UploadedFile:
        try:
            self.file.seek(0)
        except OSError as error:
            raise NoRoom from error
        self.file.size = file_size
        return self.file
