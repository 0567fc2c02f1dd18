"""The national sign-on (accounts/sign_on): where its provider is asked, and as whom. No address: there is none."""

from __future__ import annotations

from ..demo_secrets import demo_secret
from .environment import VAR, env
from .outside import SIMULATORS_URL

SIGN_ON_URL = env.str("SIGN_ON_URL", default="").rstrip("/")
# In the demonstration a simulator stands in for the provider, and pages say so.
SIGN_ON_SIMULATED = not SIGN_ON_URL and bool(SIMULATORS_URL)
_OURS = {"app_id": "", "app_key": "", "issuer": ""}
if SIGN_ON_SIMULATED:
    SIGN_ON_URL = f"{SIMULATORS_URL}/sign-on"
    _OURS["app_id"], _OURS["issuer"] = "demonstration", "sign-on-simulator"
    _OURS["app_key"] = demo_secret(VAR / "simulators" / "sign-on", "SIGN_ON_APP_KEY")
# What the provider gave us: our name and key, and the service our requests are shown under in its app.
SIGN_ON_APP_ID = env.str("SIGN_ON_APP_ID", default=_OURS["app_id"])
SIGN_ON_APP_KEY = env.str("SIGN_ON_APP_KEY", default=_OURS["app_key"])
SIGN_ON_SERVICE = env.str("SIGN_ON_SERVICE", default="jeddah-municipality")
# What its tokens say of whom they are for and who signed them.
SIGN_ON_AUDIENCE = env.str("SIGN_ON_AUDIENCE", default=SIGN_ON_APP_ID)
SIGN_ON_ISSUER = env.str("SIGN_ON_ISSUER", default=_OURS["issuer"])
# The authority of its certificate, where that is not a public one.
SIGN_ON_CA_FILE = env.str("SIGN_ON_CA_FILE", default="")
# Requests in an hour, of everybody together.
QUOTA_SIGN_ONS = env.int("QUOTA_SIGN_ONS", default=3000)
# Minutes for which somebody who has just shown who they are is not asked again (accounts/step_up.py).
STEP_UP_MINUTES = env.int("STEP_UP_MINUTES", default=15)
