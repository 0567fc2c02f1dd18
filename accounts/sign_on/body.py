"""The provider among the outside bodies: what staff and monitors are shown of it."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from core.outside_registry import OutsideBody
from core.outside_registry import register as register_body

from . import provider


def register() -> None:
    """Called once when the portal is loaded."""
    register_body(
        OutsideBody(
            name=provider.BODY,
            title=_("National sign-on"),
            fallback=_(
                "People sign in with a password or a code by SMS. Whoever was verified before stays verified, and the "
                "access log says that they came another way."
            ),
            is_set=provider.is_configured,
            simulated=provider.is_simulated,
        )
    )
