"""The simulators of the demonstration beside the live portal: sign-on and bank in one process, the bank telling of
payments.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from core import outside_http
from simulators import bank, frame

from ..accounts.sign_on_simulator import Simulator

BETWEEN = 0.2


@contextlib.contextmanager
def known_to(portal: str, simulator: Simulator, settings: Any) -> Iterator[None]:
    """The portal that answers there asks them, and the bank tells it of payments. They know nothing of before."""
    simulator.begin_anew()
    simulator.connect(settings)
    folder = bank_of(simulator)
    with frame.Store(folder).change() as state:
        state.clear()
    settings.PORTAL_URL = portal
    settings.SIMULATORS_URL = simulator.url.removesuffix("/sign-on")
    settings.BANK_URL = f"{settings.SIMULATORS_URL}/bank"
    settings.BANK_TOKEN = frame.shared_secret(folder, "BANK_TOKEN")
    settings.BANK_SECRETS = [frame.shared_secret(folder, "BANK_SECRET")]
    outside_http.close_circuit("bank")
    stopped = threading.Event()

    def tell() -> None:
        while not stopped.wait(BETWEEN):
            bank.send_waiting(folder, portal)

    thread = threading.Thread(target=tell)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()


def bank_of(simulator: Simulator) -> Path:
    return simulator.folder.parent / "bank"


def lose_notices(simulator: Simulator) -> None:
    """From now on the bank tells of nothing by itself."""
    with frame.Store(bank_of(simulator)).change() as state:
        state["switches"] = {"lost": True}
