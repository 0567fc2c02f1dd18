"""States in a word: what a list says of a draft, a licence, a due date, and the home page of the portal."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest
from django.utils import timezone, translation

from transactions.text.progress import Progress, WaitingFor
from transactions.text.tags import Tag, draft_tag, licence_tag, portal_tag

OWNER, ENGINEER = SimpleNamespace(pk=1), SimpleNamespace(pk=2)
AT_WORK = Progress(
    waiting_for=WaitingFor.OURS, where="", since=timezone.now(), days=3, here=1, used=2, allowed=7, took=None,
    left=5, days_late=None, steps=[],
)  # fmt: skip


@pytest.fixture(autouse=True)
def _english():
    with translation.override("en"):
        yield


def draft(*, status="", stage="writing", note=""):
    authorisation = SimpleNamespace(status=status) if status else None
    return SimpleNamespace(
        authorisation=authorisation, applicant_id=OWNER.pk, created_by_id=ENGINEER.pk, stage=stage, owner_note=note
    )


@pytest.mark.parametrize(
    ("one", "reader", "kind", "label"),
    [
        (draft(), OWNER, "plain", "Draft"),
        (draft(status="accepted"), OWNER, "plain", "The office is preparing it"),
        (draft(status="accepted"), ENGINEER, "plain", "Draft"),
        (draft(status="accepted", stage="awaiting_owner"), OWNER, "warning", "Awaiting your approval"),
        (draft(status="accepted", stage="awaiting_owner"), ENGINEER, "info", "With the owner for approval"),
        (draft(status="accepted", note="x"), ENGINEER, "warning", "The owner asks for changes"),
        (draft(status="revoked", stage="awaiting_owner", note="x"), OWNER, "plain", "The authorisation has ended"),
    ],
)
def test_a_draft_says_whom_it_waits_for(one, reader, kind, label):
    assert draft_tag(one, reader) == Tag(kind, label)


@pytest.mark.parametrize(
    ("change", "kind", "label"),
    [
        ({}, "", "Due in 5 working days"),
        ({"left": 1}, "", "Due in 1 working day"),
        ({"left": 0}, "warning", "Due today"),
        ({"left": None, "days_late": 0}, "error", "Late since today"),
        ({"left": None, "days_late": 1}, "error", "1 working day late"),
        ({"left": None, "days_late": 12}, "error", "12 working days late"),
        ({"left": None, "halted": True}, "", "The clock is stopped by a declared incident"),
        ({"left": None, "waiting_for": WaitingFor.YOURS}, "", "The clock is paused"),
        ({"left": None, "waiting_for": WaitingFor.NOBODYS}, "", ""),
    ],
)
def test_a_request_says_when_it_is_due(change, kind, label):
    assert replace(AT_WORK, **change).due == Tag(kind, label)


@pytest.mark.parametrize(
    ("days", "tag"),
    [
        (-1, Tag("error", "Not in force")),
        (0, Tag("warning", "Expires today")),
        (1, Tag("warning", "Expires in 1 day")),
        (60, Tag("warning", "Expires in 60 days")),
        (61, None),
    ],
)
def test_a_licence_says_that_it_ends_when_that_is_news(days, tag):
    assert licence_tag(days) == tag


def test_the_portal_claims_no_more_than_is_true():
    assert portal_tag(3, 3, routing_works=True).label == "No service is taking new requests at the moment"
    assert portal_tag(3, 1, routing_works=True).label == "Some services are not taking new requests at the moment"
    assert portal_tag(3, 0, routing_works=True) == Tag("success", "The service is running")
    assert portal_tag(3, 0, routing_works=False).kind == "warning"
