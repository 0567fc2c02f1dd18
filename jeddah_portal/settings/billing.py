"""Bills and the bank that collects them. With BANK_URL empty no bills are made; offices alone record payments."""

from __future__ import annotations

from django.core.exceptions import ImproperlyConfigured

from ..demo_secrets import demo_secret
from .environment import DEMO, KEYS, VAR, env
from .outside import SIMULATORS_URL

# Where the biller's bank or aggregator takes bills (https://…); in the demo, the simulator.
BANK_URL = env.str("BANK_URL", default=f"{SIMULATORS_URL}/bank" if SIMULATORS_URL else "").rstrip("/")
# The certificate of its authority, where that is its own.
BANK_CA_FILE = env.str("BANK_CA_FILE", default="")
_simulated = bool(SIMULATORS_URL) and BANK_URL.startswith(SIMULATORS_URL)
_shared = VAR / "simulators" / "bank"
# What we prove ourselves by to the bank.
BANK_TOKEN = env.str("BANK_TOKEN", default="") or (demo_secret(_shared, "BANK_TOKEN") if _simulated else "")
# What the bank signs its notices with; while it changes, the secret from before as well.
BANK_SECRET = env.str("BANK_SECRET", default="") or (demo_secret(_shared, "BANK_SECRET") if _simulated else "")
BANK_SECRET_BEFORE = env.str("BANK_SECRET_BEFORE", default="")
BANK_SECRETS = [secret for secret in (BANK_SECRET, BANK_SECRET_BEFORE) if secret]
# Three digits, given by the network.
BILLER_CODE = env.str("BILLER_CODE", default="001")
# One digit: each portal that issues bills under the same biller code has its own.
BILL_SERIES = env.int("BILL_SERIES", default=1)
# Working days until a bill is due; days of the calendar until its last; and how far ahead the bank takes a last day.
BILL_DUE_WORKING_DAYS = env.int("BILL_DUE_WORKING_DAYS", default=10)
BILL_LAST_DAY_DAYS = env.int("BILL_LAST_DAY_DAYS", default=28)
BILL_MAX_DAYS_AHEAD = env.int("BILL_MAX_DAYS_AHEAD", default=29)
# Do service centres and offices take payments too? Pages say so only where they do.
PAY_AT_CENTRES = env.bool("PAY_AT_CENTRES", default=True)

if not DEMO and BANK_URL:
    KEYS["BANK_TOKEN"], KEYS["BANK_SECRET"] = BANK_TOKEN, BANK_SECRET
if not 1 <= BILL_SERIES <= 9:
    raise ImproperlyConfigured("BILL_SERIES is one digit from 1 to 9")
if not (BILLER_CODE.isascii() and BILLER_CODE.isdecimal()):
    raise ImproperlyConfigured("BILLER_CODE is made of digits")
if not 0 < BILL_LAST_DAY_DAYS <= BILL_MAX_DAYS_AHEAD:
    raise ImproperlyConfigured("BILL_LAST_DAY_DAYS lies between 1 and BILL_MAX_DAYS_AHEAD")
