"""Form boxes that clean what is typed before they ask whether anything was: marks nobody sees are nothing.

Every box of every form is one of these (pages, counter, admin; tests/architecture/test_rules.py looks).
"""

from __future__ import annotations

from typing import Any

from django import forms

from .text import compact, written_code


class CompactField(forms.CharField):
    """One number or code however it is grouped: ID, mobile, PIN, code, reference (text.compact)."""

    def to_python(self, value: Any) -> str:
        return compact(super().to_python(value) or "")


class CodeField(forms.CharField):
    """A number whose strokes and dashes mean something: deed, plan, parcel, licence (text.written_code)."""

    def to_python(self, value: Any) -> str:
        return written_code(super().to_python(value) or "")
