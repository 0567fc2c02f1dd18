"""What somebody leaves behind whose post or account ends: a room above says what it is, and hands it over.

Pages ask how much there is before a post is ended; ending and handing over are one transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils import timezone
from django.utils.functional import lazystr
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from core.text import parse_int

from .models import StaffPost, User

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

QUEUE, SPREAD = "", "spread"
CHOICES: list[tuple[str, StrOrPromise]] = [
    (QUEUE, gettext_lazy("Back to the queue: whoever does this work takes them")),
    (SPREAD, gettext_lazy("Spread evenly among those who hold the same post")),
]


@dataclass(frozen=True)
class OpenWork:
    """How many open cases somebody has from some posts, and who could take them on."""

    count: int = 0
    colleagues: list[User] = field(default_factory=list)


Ask = Callable[[User, Sequence[StaffPost]], OpenWork]
HandOver = Callable[[User, Sequence[StaffPost], str, "User | None", "User | None", datetime], object]
_rooms: list[tuple[Ask, HandOver]] = []


def register(ask: Ask, hand_over: HandOver) -> None:
    """Called once by the room that knows the work."""
    _rooms.append((ask, hand_over))


def posts_of(person: User, on: date) -> list[StaffPost]:
    """What ends with the account: the posts of a day."""
    return list(StaffPost.objects.current(on).filter(user=person).select_related("office"))


def open_work(leaves: User | StaffPost) -> OpenWork:
    """What stays behind when this account is closed or this post ends; read once for each object."""
    known = leaves.__dict__.get("_open_work")
    if known is None:
        known = leaves.__dict__["_open_work"] = _ask(leaves)
    work: OpenWork = known
    return work


def _ask(leaves: User | StaffPost) -> OpenWork:
    if isinstance(leaves, StaffPost):
        person, posts = leaves.user, [leaves]
    else:
        person, posts = leaves, posts_of(leaves, timezone.localdate()) if leaves.is_staff else []
    answers = [ask(person, posts) for ask, _hand_over in _rooms] if posts else []
    return next((work for work in answers if work.count), OpenWork())


def hand_over(
    person: User, posts: Sequence[StaffPost], how: str, *, by: User | None, now: datetime | None = None
) -> None:
    """Give it to others: inside the transaction that ends the posts. `how` is one of the form's choices."""
    to = User.objects.filter(pk=parse_int(how) or 0).first() if how not in (QUEUE, SPREAD) else None
    for _ask, give in _rooms:
        give(person, posts, how, to, by, now or timezone.now())


class HandOverField(forms.ChoiceField):
    """To whom the open work goes; asked only where there is any (`ask_about`)."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(label=gettext_lazy("Open cases go"), required=False, choices=CHOICES, **kwargs)

    def ask_about(self, work: OpenWork) -> None:
        """Offer the colleagues, and say how many cases there are."""
        people = [(str(user.pk), lazystr(user.full_name)) for user in work.colleagues]
        self.choices = [*CHOICES, *people]
        self.help_text = ngettext(
            "%(n)d open case is assigned to this person. If the post ends today or the account is closed, it is handed "
            "over at once; if the post ends later, it goes back to the queue after that day.",
            "%(n)d open cases are assigned to this person. If the post ends today or the account is closed, they are "
            "handed over at once; if the post ends later, they go back to the queue after that day.",
            work.count,
        ) % {"n": work.count}

    def validate(self, value: Any) -> None:
        if value and not self.valid_value(value):
            raise forms.ValidationError(_("Choose one of the list: this colleague does not hold the same post now."))
