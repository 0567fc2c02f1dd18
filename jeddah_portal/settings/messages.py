"""SMS and mail."""

from __future__ import annotations

from .environment import DEMO, VAR, env
from .outside import SMS_GATEWAY

_demo = "accounts.sms_gateway.send_in_demo" if SMS_GATEWAY.simulated else "accounts.sms.to_file"
SMS_BACKEND = env.str("SMS_BACKEND", default=_demo) if DEMO else env.str("SMS_BACKEND")
SMS_DIR = VAR / "sms"
# What the mobiles begin with that the gateway delivers to; to all others the portal writes e-mails.
SMS_PREFIXES = env.list("SMS_PREFIXES", default=["+966"])
vars().update(env.email_url("EMAIL_URL", default="filemail:") if DEMO else env.email_url("EMAIL_URL"))
# It sets the folder too, to nothing where the URL names none.
EMAIL_FILE_PATH = vars().get("EMAIL_FILE_PATH") or VAR / "mail"
EMAIL_TIMEOUT = 5
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="portal@jeddah.example")
