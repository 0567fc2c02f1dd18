"""Outside bodies: in the demo the adapters lead to the simulators of `bin/run`, elsewhere where the settings say."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from ..demo_secrets import demo_secret
from .environment import DEMO, VAR, env

# Where `python -m simulators` answers. An adapter whose own address is not set asks there; never outside the demo.
SIMULATORS_URL = env.str("SIMULATORS_URL", default="").rstrip("/") if DEMO else ""
# The authorities of their certificates where those are their own, and our certificate with its key (PEM).
OUTSIDE_CA_FILE = env.str("OUTSIDE_CA_FILE", default="")
OUTSIDE_CERTIFICATE = env.str("OUTSIDE_CERTIFICATE", default="")


class Place(NamedTuple):
    """Where a body answers, and the secret that we and it sign messages with; both empty when it is not set."""

    url: str = ""
    secret: str = ""
    simulated: bool = False


def _place(variable: str, value: str, simulator: str, key: str) -> Place:
    """https://portal:SECRET@host/path, as the variable reads; in the demo the path of its simulator."""
    if not value:
        if not SIMULATORS_URL:
            return Place()
        secret = demo_secret(VAR / "simulators" / simulator.split("/")[0], key)
        return Place(f"{SIMULATORS_URL}/{simulator}", secret, simulated=True)
    parts = urlsplit(value)
    own = parts.hostname in ("127.0.0.1", "localhost", "::1")
    if not parts.hostname or not parts.password or (parts.scheme != "https" and not (parts.scheme == "http" and own)):
        raise ImproperlyConfigured(f"{variable} must read https://portal:SECRET@host/path")
    address = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path.rstrip('/')}"
    return Place(address, unquote(parts.password))


# By the codes that permits/bodies.py gives them.
OUTSIDE_BODIES = {
    "electricity": _place(
        "ELECTRICITY_URL", env.str("ELECTRICITY_URL", default=""), "bodies/electricity", "ELECTRICITY_KEY"
    ),
    "notary": _place("NOTARY_URL", env.str("NOTARY_URL", default=""), "bodies/notary", "NOTARY_KEY"),
    "survey": _place("SURVEY_URL", env.str("SURVEY_URL", default=""), "bodies/survey", "SURVEY_KEY"),
}
# Where accounts.sms_gateway.send hands messages over; its reports are signed with the same secret.
SMS_GATEWAY = _place("SMS_GATEWAY_URL", env.str("SMS_GATEWAY_URL", default=""), "sms", "SMS_KEY")
