"""From the fee to the paid request over the line: the portal's client, the simulated bank, its pages, its notices."""

from __future__ import annotations

import threading
import urllib.error
import urllib.parse
import urllib.request
from datetime import timedelta

import pytest
from django.utils import timezone
from waitress.server import create_server

from billing import exchange, ledger, settlement, upkeep
from billing.domain.states import BillState, ItemKind
from billing.models import LedgerEntry, OpenItem
from core import outside_http
from simulators import __main__ as process
from simulators import bank, frame
from transactions.models import FeeDue, Outbox

from ..conftest import drive, work_off
from .conftest import bill_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def simulated(tmp_path, settings, live_server):
    """The simulated bank on a port of its own, told where this portal is; returns (its address, its folder)."""
    server = create_server(process.mounted(tmp_path), host="127.0.0.1", port=0, threads=4)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    folder = tmp_path / "bank"
    settings.SIMULATORS_URL = f"http://127.0.0.1:{server.effective_port}"
    settings.BANK_URL = f"{settings.SIMULATORS_URL}/bank"
    settings.BANK_TOKEN = frame.shared_secret(folder, "BANK_TOKEN")
    settings.BANK_SECRETS = [frame.shared_secret(folder, "BANK_SECRET")]
    outside_http.close_circuit("bank")
    yield settings.BANK_URL, folder
    server.close()
    thread.join(5)


def press(address, path, **typed):
    content = urllib.parse.urlencode(typed).encode()
    try:
        with urllib.request.urlopen(f"{address}{path}", content, timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_a_bill_is_paid_at_the_simulated_bank_in_every_way(simulated, live_server, submitted, cast):
    address, folder = simulated
    now = timezone.now()
    # Two requests: one whose notice comes often, forged and in the wrong order, one whose notice is lost.
    first, second = [drive(submitted("building-permit"), cast, "awaiting_payment") for _n in range(2)]
    work_off(now)
    bill, other = bill_of(first), bill_of(second)
    assert (bill.state, other.state) == (BillState.ISSUED, BillState.ISSUED)
    status, page = press(address, "/pay", bill=bill.number)
    assert status == 200
    assert "Simulator – not a real service" in page
    for name in ("doubled", "forged", "reordered"):
        press(address, "/switches", name=name)
    press(address, "/pay", bill=bill.in_groups, anyway="1")  # once more
    press(address, "/pay", bill="1000000099999", amount="5", anyway="1")  # of nobody
    assert bank.send_waiting(folder, live_server.url) == 5
    work_off(now)
    first.refresh_from_db()
    assert first.status == "approved"
    assert sorted(OpenItem.objects.values_list("kind", flat=True)) == [ItemKind.ORPHAN, ItemKind.TWICE]
    assert ledger.held() == 2 * bill.amount + 500
    for name in ("doubled", "forged", "reordered", "lost"):
        press(address, "/switches", name=name)
    press(address, "/pay", bill=other.number)
    assert bank.send_waiting(folder, live_server.url) == 0
    exchange.ask_after(other, now)
    work_off(now)
    second.refresh_from_db()
    assert second.status == "approved"
    text = bank.settlement_of(frame.Store(folder).read(), bank.today())
    done = settlement.compare(timezone.localdate(), text, now=now + timedelta(seconds=1))
    assert (done.payments, done.differences) == (4, 0)
    assert done.amount == ledger.held() == 3 * bill.amount + 500


def test_a_bank_that_is_away_or_refuses_is_asked_again(simulated, submitted, cast):
    address, _folder = simulated
    press(address, "/switches", name="away")
    case = drive(submitted("building-permit"), cast, "awaiting_payment")
    now = timezone.now()
    work_off(now)
    assert bill_of(case).state == BillState.ISSUING
    assert Outbox.objects.get(kind="bill_issue").last_error.startswith("Unreachable")
    press(address, "/switches", name="away")
    outside_http.close_circuit("bank")
    work_off(now + timedelta(minutes=1))
    bill = bill_of(case)
    assert bill.state == BillState.ISSUED
    assert press(address, "/pay", bill=bill.number, amount="1.00")[0] == 200  # shown, and not taken
    assert not LedgerEntry.objects.exists()
    upkeep.look_after_bills(now + timedelta(days=1))
    assert FeeDue.objects.get(transaction=case).paid_at is None


def test_the_bank_answers_nobody_who_is_not_its_biller(simulated):
    address, _folder = simulated
    request = urllib.request.Request(f"{address}/bills/1000000000015", headers={"Authorization": "Bearer x"})
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=5)
    assert refused.value.code == 401
