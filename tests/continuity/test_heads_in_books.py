"""The daily books hold the vault's head against ours: what it signed, under its key, and what it refused."""

from __future__ import annotations

import pytest

from continuity.models import Reached
from journal import receipts
from journal.models import Chain, Entry
from transactions.books.reconcile import reconcile
from transactions.models import Difference
from transactions.outbox import heartbeat

from ..conftest import NOW
from .conftest import hand_over

pytestmark = pytest.mark.django_db


def said() -> dict:
    return reconcile(NOW).figures["journals"][0]


def test_without_a_vault_its_head_is_unknown(cast, submitted):
    submitted()
    assert said()["vault"] is None


def test_a_head_that_the_vault_signed_is_the_same(vault, submitted):
    submitted()
    heartbeat.beat(NOW)
    hand_over()
    reached = Chain.objects.get().length
    assert said()["vault"] == {"entries": reached, "same": True}
    # The entry of the reconciliation itself came after it.
    assert said()["vault"] == {"entries": reached, "same": True}
    assert not Difference.objects.filter(kind="head_behind").exists()


@pytest.mark.parametrize("wrong", ["cosignature", "refused", "cosigned_seq"])
def test_a_head_that_is_not_ours_is_a_difference_and_nothing_is_signed(wrong, vault, submitted):
    submitted()
    heartbeat.beat(NOW)
    hand_over()
    Reached.objects.update(**{wrong: {"cosignature": bytes(64), "refused": "another past", "cosigned_seq": 99}[wrong]})
    published = reconcile(NOW)
    assert published.figures["journals"][0]["vault"]["same"] is False
    assert Difference.objects.filter(kind="head_behind", subject="C1A").exists()
    assert published.token == ""


def verified(client):
    token = receipts.encode_token(Entry.objects.order_by("seq").first())
    return client.get(f"/verify/{token}/").content.decode()


def test_whoever_verifies_reads_that_a_second_authority_signed_too(vault, submitted, client):
    submitted()
    assert "لم توقّع جهة ثانية هذا القيد حتى الآن" in verified(client)
    heartbeat.beat(NOW)
    hand_over()
    assert "وقّعت جهة ثانية سجلنا وفيه هذا القيد" in verified(client)


@pytest.mark.parametrize("wrong", [{"cosignature": bytes(64)}, {"refused": "another past"}, {"cosigned_seq": 0}])
def test_a_signature_of_the_vault_that_does_not_fit_is_not_shown(wrong, vault, submitted, client):
    submitted()
    heartbeat.beat(NOW)
    hand_over()
    Reached.objects.update(**wrong)
    assert "وقّعت جهة ثانية سجلنا وفيه هذا القيد" not in verified(client)


def test_where_there_is_no_vault_nothing_is_said_of_one(submitted, client):
    submitted()
    assert "التوقيع الثاني" not in verified(client)
