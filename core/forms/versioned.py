"""Forms that notice that their row was saved in another window since they were opened (core/forms/concurrency.py)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db import models, transaction
from django.forms.models import model_to_dict
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from .concurrency import fingerprint, is_stale
from .named_errors import NamedErrors


def saved_meanwhile(answer: object) -> SafeString:
    """The sentence at a box whose stored answer is another than the page had shown, with that answer."""
    sentence = _("Another window saved {answer} in the meantime. To replace it with yours, save again.")
    return format_html(sentence, answer=answer)


class VersionField(forms.CharField):  # noqa: TID251 – nobody types in it
    """The state the form was opened at. It always shows the present one: whoever is told of a change has seen it."""

    widget = forms.HiddenInput

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(label="", **kwargs)  # a set of rows shows the label of a hidden box too

    def bound_data(self, data: Any, initial: Any) -> Any:
        return initial

    def has_changed(self, initial: Any, data: Any) -> bool:
        return False


class VersionedForm(NamedErrors, forms.ModelForm):
    """Its template shows `version_seen` inside the form."""

    labels_are_columns = True

    version_seen = VersionField(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["version_seen"] = fingerprint(self._values(self.instance))

    def _values(self, row: models.Model) -> dict[str, Any]:
        return model_to_dict(row, fields=[name for name in self.base_fields if name != "version_seen"])

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if self.instance.pk:
            self._refuse_if_overtaken(self.cleaned_data)
        self.cleaned_data.pop("version_seen", None)
        return cleaned

    def _refuse_if_overtaken(self, cleaned: dict[str, Any]) -> None:
        rows = self._meta.model._default_manager.filter(pk=self.instance.pk)
        if transaction.get_connection(rows.db).in_atomic_block:
            rows = rows.select_for_update()
        stored = rows.first()
        if stored is None or not is_stale(cleaned.get("version_seen"), self._values(stored)):
            return
        for name in self._values(stored):
            if name in cleaned and cleaned[name] != self._stored(stored, name):
                shown = getattr(stored, f"get_{name}_display", None)
                self.add_error(name, saved_meanwhile(shown() if shown else self._stored(stored, name) or "—"))

    def _stored(self, row: models.Model, name: str) -> Any:
        """What a box shows of what is stored."""
        return getattr(row, name)
