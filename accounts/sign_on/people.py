"""Who a confirmed sign-on is: the account of this ID as it is on file, made when there is none, and what differs.

What the register says is the record. An account that was opened with nothing but a mobile is raised only once its owner
has said that the mobile is theirs: whoever opened it under somebody else's number would be raised with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from core.text import same_name

from .. import access_log
from ..access import holds_power
from ..assurance import Level
from ..changes import detach_phone, set_name
from ..errors import AccountError
from ..models import Act, User
from . import flow
from .models import SignOnRequest

MINE, NOT_MINE = "mine", "not_mine"
REGISTER, ON_FILE = "register", "on_file"


@dataclass(frozen=True)
class Questions:
    """What is asked before the person goes on: `phone_end`, the last digits of a mobile nobody has proven to be theirs;
    `name_on_file`, where it is not the register's. Empty when there is nothing to ask.
    """

    phone_end: str = ""
    name_on_file: str = ""

    def __bool__(self) -> bool:
        return bool(self.phone_end or self.name_on_file)


@dataclass(frozen=True)
class Answers:
    """One of MINE and NOT_MINE, one of REGISTER and ON_FILE; empty where nothing was asked."""

    phone: str = ""
    name: str = ""

    def answer(self, questions: Questions) -> bool:
        phone = not questions.phone_end or self.phone in (MINE, NOT_MINE)
        return phone and (not questions.name_on_file or self.phone == NOT_MINE or self.name in (REGISTER, ON_FILE))


def questions_about(row: SignOnRequest) -> Questions:
    """What a confirmed sign-on asks the person. Of staff nothing is changed here: that takes two administrators."""
    return _questions(User.objects.filter(national_id=row.national_id).first(), row)


def _questions(user: User | None, row: SignOnRequest) -> Questions:
    if user is None or holds_power(user):
        return Questions()
    phone_end = user.phone[-3:] if user.phone and user.assurance < Level.COUNTER else ""
    name = "" if same_name(user.full_name, row.name) else user.full_name
    return Questions(phone_end, name)


@transaction.atomic
def go_on(row: SignOnRequest, answers: Answers, *, language: str, now: datetime | None = None) -> User:
    """The person a confirmed request is about, now known by the national sign-on; used up with this.

    AccountError `sign_on_used`, `questions_open` when something asked is not answered, `account_closed`.
    """
    now = now or timezone.now()
    flow.use(row, now=now)
    facts: dict[str, object] = {"full_name": row.name, "phone": "", "language": language}
    facts |= {"assurance": Level.NATIONAL, "identity_verified_at": now, "password": make_password(None)}
    user, made = User.objects.select_for_update().get_or_create(national_id=row.national_id, defaults=facts)
    if row.user_id not in (None, user.pk):
        raise AccountError("sign_on_used", flow.not_valid())
    if not user.is_active:
        raise AccountError("account_closed", _("This account is closed. Ask at a service centre, with your ID."))
    if not made:
        _raise_level(user, row, answers, now)
    access_log.record(Act.IDENTITY_VERIFIED, by=user, person=user, why="national sign-on", now=now)
    return user


def _raise_level(user: User, row: SignOnRequest, answers: Answers, now: datetime) -> None:
    questions = _questions(user, row)
    if not answers.answer(questions):
        raise AccountError("questions_open", _("Answer each question, then continue."))
    if questions.phone_end and answers.phone == NOT_MINE:
        detach_phone(user, by=user, now=now)
        set_name(user, row.name, by=user, now=now)
    elif questions.name_on_file and answers.name == REGISTER:
        set_name(user, row.name, by=user, now=now)
    user.assurance = Level.NATIONAL
    user.identity_verified_at, user.identity_verified_by = now, None
    user.save()
