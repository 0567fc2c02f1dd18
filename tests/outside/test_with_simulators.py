"""Adapters and their simulators meet over HTTP, as in the demo: signatures, acknowledgements and reports fit."""

from __future__ import annotations

import threading
import urllib.parse
import urllib.request
from types import SimpleNamespace

import pytest
from waitress.server import create_server

from accounts import sms
from outside.models import Referral
from outside.referrals import KIND
from simulators import __main__ as process
from simulators import bodies as simulated_bodies
from simulators import frame
from simulators import sms as simulated_sms
from transactions.models import Delivery, DeliveryReport, Handover, Notification, Outbox
from transactions.notifications.handovers import our_key, record_handover
from transactions.outbox import queue

from ..conftest import NOW, drive
from ..faults.stack import until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.embedded]


@pytest.fixture
def simulators(live_server, settings, tmp_path, monkeypatch):
    """Every simulator, telling the portal of this test; the portal's settings lead to them."""
    monkeypatch.setattr(simulated_bodies, "ACKNOWLEDGED_AFTER", 0.1)
    monkeypatch.setattr(simulated_sms, "REPORTED_AFTER", 0.1)
    server = create_server(process.mounted(tmp_path, live_server.url), host="127.0.0.1", port=0)
    threading.Thread(target=server.run, daemon=True).start()
    url = f"http://127.0.0.1:{server.effective_port}"
    key = frame.shared_secret(tmp_path / "bodies", "ELECTRICITY_KEY")
    settings.OUTSIDE_BODIES = settings.OUTSIDE_BODIES | {"electricity": (f"{url}/bodies/electricity", key)}
    secret = frame.shared_secret(tmp_path / "sms", simulated_sms.KEY)
    settings.SMS_GATEWAY = SimpleNamespace(url=f"{url}/sms", secret=secret, simulated=True)
    yield url
    server.close()


def press(url, **values):
    urllib.request.urlopen(url, urllib.parse.urlencode(values).encode(), timeout=5).close()


def test_a_connection_is_sent_acknowledged_and_concluded(simulators, submitted, cast):
    drive(submitted(), cast, "completed")
    row = Outbox.objects.get(kind=KIND)
    assert queue.process_row(row.pk, row.not_before)
    assert Referral.objects.get().state in ("sent", "acknowledged")
    until(lambda: Referral.objects.get().state == "acknowledged", 10, "the company acknowledged")
    key = str(Referral.objects.get().key)
    press(f"{simulators}/bodies/electricity/conclude", key=key, outcome="refused", typed="لا توجد شبكة")
    until(lambda: Referral.objects.get().state == "concluded", 10, "the company concluded")
    assert (Referral.objects.get().outcome, Referral.objects.get().reason) == ("refused", "لا توجد شبكة")
    with urllib.request.urlopen(f"{simulators}/bodies/electricity/list.csv", timeout=5) as answer:
        assert "refused" in answer.read().decode("utf-8-sig")


@pytest.mark.parametrize(("mode", "state"), [("twice", "delivered"), ("failed", "failed"), ("forged", "")])
def test_an_sms_is_taken_and_reported(simulators, submitted, cast, settings, mode, state):
    settings.SMS_BACKEND = "accounts.sms_gateway.send"
    press(f"{simulators}/sms/switch", mode=mode)
    submitted()
    notice = Notification.objects.order_by("pk")[0] if Notification.objects.exists() else None
    if notice is None:
        row = Outbox.objects.filter(kind="follow_up").order_by("pk").first()
        assert row is not None
    delivery = Delivery.objects.create(notification=notice, channel="sms", sent_at=NOW)
    given = sms.send_sms(cast.citizen.phone, "نص", key=our_key(notice))
    record_handover(delivery, given, NOW)
    if state:
        until(lambda: Handover.objects.get().state == state, 10, "the gateway reported")
    else:
        with urllib.request.urlopen(f"{simulators}/sms/", timeout=5) as page:
            assert "Simulator" in page.read().decode()
        assert not DeliveryReport.objects.exists()
