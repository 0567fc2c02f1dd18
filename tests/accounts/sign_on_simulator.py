"""The simulator of the national sign-on on a port of its own, and the hands that use its app."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import waitress
from django.test import Client
from django.urls import reverse

from accounts.models import SignOnRequest
from accounts.sign_on import provider
from core import outside_http
from simulators import __main__ as process
from simulators import frame, sign_on

from ..outside.test_simulators import get

KEY = "SIGN_ON_APP_KEY"


class Simulator:
    """What a person sees in the app, and how it answers (`sign_on.MODES`)."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url = folder / "sign-on", f"{url}/sign-on"
        self.key = frame.shared_secret(self.folder, KEY)
        self._application = process.mounted(folder)

    def press(self, path: str, **form: str) -> None:
        content = "&".join(f"{name}={value}" for name, value in form.items()).encode()
        assert get(self._application, f"/sign-on{path}", "POST", content)["status"] == 303

    def answers(self, mode: str) -> None:
        self.press("/mode", mode=mode)

    def requests(self) -> dict[str, Any]:
        return frame.Store(self.folder).read().get("requests", {})

    def pick(self, number: str = "", *, of: str = "") -> None:
        """Somebody picks the right number, or this one (`reject`, `lapse`), of the newest request or that of an ID."""
        rows = [(key, row) for key, row in self.requests().items() if not of or row["nationalId"] == of]
        key, row = rows[-1]
        self.press("/answer", transId=key, number=number or row["random"])

    def token(self) -> str:
        """The last one that was given."""
        return str(frame.Store(self.folder).read()["last_token"])

    def connect(self, settings: Any) -> None:
        """Have the portal ask it, with nothing remembered of another."""
        provider.KEYS.forget()
        outside_http.close_circuit(provider.BODY)
        settings.SIGN_ON_URL, settings.SIGN_ON_SIMULATED = self.url, True
        settings.SIGN_ON_APP_ID = settings.SIGN_ON_AUDIENCE = "demonstration"
        settings.SIGN_ON_APP_KEY, settings.SIGN_ON_ISSUER = self.key, sign_on.ISSUER

    def begin_anew(self) -> None:
        """Forget everything but the keys, which take long to make."""
        with frame.Store(self.folder).change() as state:
            for name in state.keys() - {"keys"}:
                del state[name]


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Simulator]:
    """Serve it on a port of this machine."""
    server: Any = waitress.create_server(
        process.mounted(folder), host="127.0.0.1", port=0, threads=2, asyncore_loop_timeout=0.05
    )

    def serve() -> None:
        with contextlib.suppress(OSError):  # its socket is closed under it
            server.run()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield Simulator(folder, f"http://127.0.0.1:{server.effective_port}")
    finally:
        server.close()
        thread.join(timeout=5)


# -- what somebody does in a browser ---------------------------------------------------------------------------------


def begin(client: Client, who: str, following: str = "/drafts/") -> Any:
    return client.post(reverse("accounts:sign_on"), {"national_id": who, "next": following})


def waiting(client: Client) -> Any:
    """The page, as if it had not asked for some seconds."""
    SignOnRequest.objects.update(asked_at=None)
    return client.get(reverse("accounts:sign_on_wait"))


def go_on(client: Client, **answers: str) -> Any:
    return client.post(reverse("accounts:sign_on_continue"), answers)


def confirmed(client: Client, simulator: Simulator, who: str) -> Any:
    """Begun, picked in the app, and seen by the page."""
    begin(client, who)
    simulator.pick()
    return waiting(client)


def has_session(client: Client) -> bool:
    return "_auth_user_id" in client.session


def newest() -> SignOnRequest:
    return SignOnRequest.objects.latest("pk")
