"""Who acts for whom, as the tests of delegations record it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.delegated import Operation
from accounts.delegations import record_delegation
from accounts.models import User
from accounts.visitors import Visitor

TODAY = timezone.localdate()
EVERYTHING = list(Operation.values)


def shown(user, **changed):
    facts = {"national_id": user.national_id, "full_name": user.full_name, "phone": user.phone} | changed
    return Visitor.typed(**facts)


def record(cast, at, principal=None, agent=None, **changed):
    """A paper by which the other citizen acts for the citizen, unless others are named."""
    facts = {
        "principal": principal if isinstance(principal, Visitor) else shown(principal or cast.citizen),
        "agent": agent if isinstance(agent, Visitor) else shown(agent or cast.other_citizen),
        "number": "441234567",
        "issuer": "كتابة العدل الأولى بجدة",
        "services": [],
        "operations": EVERYTHING,
        "starts_on": TODAY - timedelta(days=30),
        "ends_on": TODAY + timedelta(days=30),
        "by": cast.clerk,
        "centre": at,
    } | changed
    return record_delegation(**facts)


def fresh(user):
    """As the next request reads them."""
    return User.objects.get(pk=user.pk)


def refused(error_type, call, *args, **kwargs):
    with pytest.raises(error_type) as error:
        call(*args, **kwargs)
    return error.value.code
