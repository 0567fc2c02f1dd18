"""Who stands before a clerk, and what of them is on file."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.hashers import make_password

from .assurance import Level
from .identity import clean_mobile, clean_name, clean_national_id
from .models import User


@dataclass(frozen=True)
class Visitor:
    """Who stands before a clerk: ID and name as on the original, the mobile as they say it."""

    national_id: str
    full_name: str
    phone: str

    @classmethod
    def typed(cls, *, national_id: str, full_name: str, phone: str) -> Visitor:
        """ValidationError for a malformed ID, name or phone."""
        shown = cls(clean_national_id(national_id), clean_name(full_name), clean_mobile(phone))
        User(**vars(shown)).clean_fields(exclude=["password"])
        return shown

    def differs_from(self, on_file: User) -> dict[str, dict[str, str]]:
        """What would be changed of the person on file: {field: {"from": …, "to": …}}; a clerk is asked about each."""
        return {
            name: {"from": getattr(on_file, name), "to": getattr(self, name)}
            for name in ("full_name", "phone")
            if getattr(on_file, name) != getattr(self, name)
        }


def visitor_account(visitor: Visitor, *, language: str = "ar") -> User:
    """The account of whoever has come, as it is on file; made, with nothing proven, when there is none.

    Nothing of somebody on file is changed here: that happens together with their request (`identify`).
    """
    facts = vars(visitor) | {"language": language, "assurance": Level.NONE, "password": make_password(None)}
    del facts["national_id"]
    return User.objects.get_or_create(national_id=visitor.national_id, defaults=facts)[0]
