"""Refusals that a user can understand. Anything else is a bug and propagates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django_stubs_ext import StrOrPromise


class DomainError(Exception):
    """A refusal: `code` is for machines and stays the same, `message` is for people, in their language."""

    def __init__(self, code: str, message: StrOrPromise) -> None:
        super().__init__(code)
        self.code = code
        self.message = message

    def __str__(self) -> str:
        return str(self.message)


@dataclass(frozen=True)
class Problem:
    """One thing wrong with what was sent. `path` names the field or document (`parts.0.area_m2`, `documents.deed`).

    `label` is the question as people read it, where the message alone would not say what it is about.
    """

    path: str
    message: StrOrPromise
    code: str = "invalid"
    label: StrOrPromise = ""


class Invalid(DomainError):
    """What was sent cannot be taken; every problem is named at once."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        from django.utils.translation import gettext_lazy as _

        super().__init__("invalid", _("Some answers need correcting. Nothing you entered was lost."))
        self.problems = tuple(problems)


class Overtaken(Invalid):
    """What is stored is no longer what the page showed (core/forms/concurrency.py). Nothing was written.

    `problems` name every answer that differs, with what is stored.
    """


class TooManyAttempts(DomainError):
    """`wait` is in seconds: when tries are counted anew. Pages and API answer 429 with it."""

    def __init__(self, wait: int) -> None:
        from django.utils.translation import gettext_lazy as _

        super().__init__("too_many_tries", _("Too many wrong attempts. Wait an hour, or ask at a service centre."))
        self.wait = wait


class OperationClosed(DomainError):
    """A gate keeps it closed for now (gates.py); nothing was changed. `kind` says what closed it. API: 503, or 409 for
    a service that takes no new requests.
    """

    def __init__(self, message: StrOrPromise, *, kind: str = "switch", code: str = "operation_closed") -> None:
        super().__init__(code, message)
        self.kind = kind


class NotVisible(DomainError):
    """There is no such thing for this person; pages and API answer 404."""

    def __init__(self) -> None:
        from django.utils.translation import gettext_lazy as _

        super().__init__("not_found", _("No transaction matches the data entered."))


class SlipNotEntered(NotVisible):
    """Number and PIN are those of a paper slip of ours from which no request was entered: 404, with how it stands."""

    def __init__(self, message: StrOrPromise) -> None:
        DomainError.__init__(self, "slip_not_entered", message)


class NotInThisDatabase(NotVisible):
    """Number and PIN are those of a receipt of ours, and its request is not in this database: 404."""

    def __init__(self, message: StrOrPromise) -> None:
        DomainError.__init__(self, "receipt_not_here", message)
