"""Actions on many cases that print: they change no case, and end in one file. What each is, the floors above say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from ..domain.errors import DomainError
from ..models import BulkJob, Transaction

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True)
class PrintAction:
    """`find_obstacles` says of cases why some cannot be printed, by their keys; `check` that one can, once its turn
    comes (DomainError), and what of it; `assemble` makes the file of those that could, and returns the columns of the
    job that name it. `most` is how many at once; those `of_cases` are offered where cases are listed.
    """

    label: StrOrPromise
    consequence: StrOrPromise
    find_obstacles: Callable[[Sequence[Transaction]], dict[int, str]]
    check: Callable[[Transaction], str]
    assemble: Callable[[BulkJob, datetime], dict[str, object]]
    most: int
    of_cases: bool = True


ACTIONS: dict[str, PrintAction] = {}


def refuse_too_many(action: str, many: int) -> None:
    """DomainError `too_many` for more than fit into one file."""
    if many > ACTIONS[action].most:
        message = _("At most %(most)d can be printed into one file. Choose fewer, or narrow the list by its filters.")
        raise DomainError("too_many", message % {"most": ACTIONS[action].most})
