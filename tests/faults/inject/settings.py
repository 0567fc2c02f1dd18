"""The portal's settings, with the crash points wrapped around its functions and a gateway that keeps a log."""

from jeddah_portal.settings import *  # noqa: F403

INSTALLED_APPS = [*INSTALLED_APPS, "tests.faults.inject.apps.Inject"]  # noqa: F405
SMS_BACKEND = "tests.faults.inject.armed.take_sms"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
