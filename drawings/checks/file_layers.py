"""Names of layers that are none of the template, though something of it was meant."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from ..domain.finding import Finding
from ..domain.layers import is_ours_misspelt, propose
from . import Case, Check

MOST = 20


def _names(case: Case) -> Iterable[Finding]:
    sheet = case.sheet
    wrong = [name for name in sheet.names if name in sheet.taken_as or is_ours_misspelt(name)]
    for name in wrong[:MOST]:
        place = next((line[:1] for line in sheet.lines.get(sheet.taken_as.get(name, ""), ())), ())
        yield Finding("layer-name", subject=name, place=place, extra={"meant": propose(name)})


CHECKS = (
    Check(
        "layer-name",
        _("Names of the layers"),
        _("Layer “%(subject)s” is not in the template."),
        _("Rename it to “%(meant)s”. It was read as if it had this name."),
        _names,
        measures=False,
    ),
)
