"""Texts whose letters were lost, and heights that are no number."""

from __future__ import annotations

import re
from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from ..domain.finding import Finding
from ..domain.heights import height_in
from ..domain.layers import Role
from . import Case, Check

MOST = 20
_LOST = re.compile(r"[?\ufffd\u25a1_\s.،,-]*[?\ufffd\u25a1]{2}[?\ufffd\u25a1_\s.،,-]*")
_LETTER = re.compile(r"[^\W_]")


def _texts(case: Case) -> Iterable[Finding]:
    without = [label for label in case.sheet.labels if _is_meaningless(label.layer, label.text)]
    for label in without[:MOST]:
        yield Finding("text-meaningless", label.layer, place=(label.at,), extra={"text": label.text[:40]})


def _is_meaningless(layer: str, text: str) -> bool:
    if layer == Role.HEIGHT:
        return height_in(text) is None
    return bool(_LOST.fullmatch(text)) or not _LETTER.search(text)


CHECKS = (
    Check(
        "text-meaningless",
        _("Texts can be read"),
        _("The text “%(text)s” on %(subject)s says nothing that can be read."),
        _("Write it again with a font that has its letters; on JM-HEIGHT write a number in metres."),
        _texts,
        measures=False,
    ),
)
