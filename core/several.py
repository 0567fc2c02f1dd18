"""An engineering office is several people: its pages say أنتم where a citizen's say أنت (docs/writing.md).

`locale/ar/LC_MESSAGES/office.po` holds the Arabic sentences that differ. While a request is answered whose session
belongs to a member of an office (accounts/sessions.py), they are looked up there first.
"""

from __future__ import annotations

import gettext
from contextvars import ContextVar
from functools import lru_cache

from django.conf import settings
from django.utils.translation import trans_real

_several: ContextVar[bool] = ContextVar("several", default=False)


def address_several(several: bool) -> None:
    """Whom the sentences of this request speak to; one person until this says otherwise."""
    _several.set(several)


@lru_cache(maxsize=1)
def _of_several() -> gettext.NullTranslations:
    return gettext.translation("office", settings.LOCALE_PATHS[0], ["ar"], fallback=True)


class PluralReaderTranslation(trans_real.DjangoTranslation):
    """Django's own, which looks into the sentences to several first."""

    def gettext(self, message: str) -> str:
        text = _of_several().gettext(message) if self._to_several() else message
        return super().gettext(message) if text == message else text

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        text = _of_several().ngettext(msgid1, msgid2, n) if self._to_several() else msgid1
        return super().ngettext(msgid1, msgid2, n) if text in (msgid1, msgid2) else text

    def _to_several(self) -> bool:
        return _several.get() and self.to_language() == "ar"


def install_translation() -> None:
    """Called once when the portal is loaded; a language loaded before is loaded anew."""
    trans_real.DjangoTranslation = PluralReaderTranslation  # type: ignore[misc]
    trans_real._translations.clear()  # type: ignore[attr-defined]
