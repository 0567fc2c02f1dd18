"""Draws one page of a PDF or an image as PNG and says how many pages there are.

Runs alone in a process with limits (transactions/previews.py).

python draw.py CONTENT_TYPE TARGET PAGE WIDTH < SOURCE
"""

from __future__ import annotations

import sys

from PIL import Image, ImageOps


def main(content_type: str, target: str, page: int, width: int) -> int:
    source = sys.stdin.buffer
    if content_type == "application/pdf":
        import pypdfium2

        document = pypdfium2.PdfDocument(source)
        pages = len(document)
        if page > pages:
            return 1
        sheet = document[page - 1]
        image = sheet.render(scale=min(3.0, width / max(1.0, sheet.get_width()))).to_pil()
    elif page == 1:
        with Image.open(source) as opened:
            image = ImageOps.exif_transpose(opened).convert("RGB")
        image.thumbnail((width, width * 2))
        pages = 1
    else:
        return 1
    image.save(target, "PNG")
    sys.stdout.write(str(pages))
    return 0


if __name__ == "__main__":
    kind, target_path, number, pixels = sys.argv[1:]
    sys.exit(main(kind, target_path, int(number), int(pixels)))
