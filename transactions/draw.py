"""Draws one page of a PDF or an image as PNG and says how many pages there are; 0 when the page cannot be drawn.

Runs alone in a process (transactions/previews.py), in MEMORY bytes and CPU seconds.

python draw.py CONTENT_TYPE TARGET PAGE WIDTH MEMORY CPU < SOURCE
"""

from __future__ import annotations

import resource
import sys

from PIL import Image, ImageOps


def main(content_type: str, target: str, page: int, width: int) -> None:
    if content_type == "application/pdf":
        import pypdfium2  # not below: that it cannot be loaded says nothing about the file
    image, pages = None, 0
    try:
        if content_type == "application/pdf":
            document = pypdfium2.PdfDocument(sys.stdin.buffer)
            sheet = document[page - 1]
            image = sheet.render(scale=min(3.0, width / max(1.0, sheet.get_width()))).to_pil()
            pages = len(document)
        elif page == 1:
            with Image.open(sys.stdin.buffer) as opened:
                image = ImageOps.exif_transpose(opened).convert("RGB")
            image.thumbnail((width, width * 2))
            pages = 1
    except MemoryError:
        raise
    except Exception:  # noqa: S110 – the libraries raise many kinds on broken or hostile files; all mean: 0 pages
        pass
    if image is not None:
        image.save(target, "PNG")
    sys.stdout.write(str(pages))


if __name__ == "__main__":
    kind, target_path, number, pixels, memory, cpu = sys.argv[1:]
    resource.setrlimit(resource.RLIMIT_AS, (int(memory), int(memory)))
    resource.setrlimit(resource.RLIMIT_CPU, (int(cpu), int(cpu)))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main(kind, target_path, int(number), int(pixels))
