"""How long requests really took, for templates."""

from __future__ import annotations

from django import template

from ..selectors.usual_length import Length, length_of

register = template.Library()


@register.simple_tag
def usual_length(code: str) -> Length | None:
    """How long requests of this service took lately; None when too few were approved to say."""
    return length_of(code)
