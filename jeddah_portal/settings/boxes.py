"""Office boxes: what the centre opens their deliveries with, and what a box of that role does without."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from .. import office_role
from .base import INSTALLED_APPS, MIDDLEWARE
from .environment import OFFICE_BOX, VAR, env

# The centre's age identity (AGE-SECRET-KEY-1…) in a file: boxes seal what they take in for it. A demo makes one.
BOXES_IDENTITY_FILE = env.str("BOXES_IDENTITY_FILE", default=str(VAR / "keys" / "boxes.age"))

# Where `bin/office setup` put what the enrolment says, and the folder on another disk that gets each receipt first.
OFFICE_FILE = VAR / "office.json"
OFFICE_KEYS = VAR / "keys"
OFFICE_SECOND_MEDIUM = env.str("OFFICE_SECOND_MEDIUM", default="")
# The certificate authority of the centre, where that is its own.
OFFICE_CA_FILE = env.str("OFFICE_CA_FILE", default="")

if OFFICE_BOX:
    if not OFFICE_SECOND_MEDIUM or not Path(OFFICE_SECOND_MEDIUM).is_dir():
        raise ImproperlyConfigured("Set OFFICE_SECOND_MEDIUM to a folder on another disk, for the receipts")
    office_role.keep_out()


def of_role() -> dict[str, Any]:
    """What differs where this is an office box."""
    if not OFFICE_BOX:
        return {}
    return {
        "REST_FRAMEWORK": {},
        "LOGIN_REDIRECT_URL": "staff:index",
        "LOGOUT_REDIRECT_URL": "account_login",
        "ACCOUNT_LOGOUT_REDIRECT_URL": "account_login",
        "ROOT_URLCONF": "jeddah_portal.urls_office",
        "INSTALLED_APPS": [app for app in INSTALLED_APPS if app not in ("api", "drf_spectacular")],
        "MIDDLEWARE": ["jeddah_portal.office_role.OfficePages", *MIDDLEWARE],
    }
