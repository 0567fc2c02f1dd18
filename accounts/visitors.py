"""Who stands before a clerk, and what of them is on file."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.hashers import make_password

from core.text import same_name

from .assurance import Level
from .emails import pending_address_of
from .identity import clean_any_mobile, clean_id, clean_name
from .models import User


@dataclass(frozen=True)
class Visitor:
    """Who stands before a clerk: ID and name as on the original, the mobile as they say it; none of who is not here."""

    national_id: str
    full_name: str
    phone: str
    email: str = ""

    @classmethod
    def typed(cls, *, national_id: str, full_name: str, phone: str, email: str = "") -> Visitor:
        """ValidationError for a malformed ID, name, phone or e-mail."""
        shown = cls(clean_id(national_id), clean_name(full_name), clean_any_mobile(phone), email)
        User(**vars(shown)).clean_fields(exclude=["password"])
        return shown

    @classmethod
    def absent(cls, *, national_id: str, full_name: str) -> Visitor:
        """Whom a paper names, who is not here to say which mobile is theirs. ValidationError for a bad ID or name."""
        named = cls(clean_id(national_id), clean_name(full_name), "")
        User(**vars(named)).clean_fields(exclude=["password", "phone"])
        return named

    def differs_from(self, on_file: User) -> dict[str, dict[str, str]]:
        """What would be changed of the person on file: {field: {"from": …, "to": …}}; a clerk is asked about each.

        An e-mail is put on file where there is none, and changed by its owner alone.
        """
        put_on_file = self.email and not on_file.email and pending_address_of(on_file) != self.email
        names = ["full_name", "phone", *(["email"] if put_on_file else [])]
        return {
            name: {"from": getattr(on_file, name), "to": getattr(self, name)}
            for name in names
            if getattr(on_file, name) != getattr(self, name)
            and not (name == "full_name" and same_name(on_file.full_name, self.full_name))
        }


def visitor_account(visitor: Visitor, *, language: str = "ar") -> User:
    """The account of whoever has come, as it is on file; made, with nothing proven, when there is none.

    Nothing of somebody on file is changed here, and no e-mail is put there: that happens together with their request
    (`identify`).
    """
    facts: dict[str, object] = {"full_name": visitor.full_name, "phone": visitor.phone, "language": language}
    facts |= {"assurance": Level.NONE, "password": make_password(None)}
    return User.objects.get_or_create(national_id=visitor.national_id, defaults=facts)[0]
