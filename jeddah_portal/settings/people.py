"""Who signs in, and how."""

from __future__ import annotations

from django.urls import reverse_lazy

from .environment import DEMO, KEYS, env

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    # The only one that is asked for a password; the others keep the sessions they began.
    "accounts.backends.OnePassword",
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = reverse_lazy("account_login")
LOGIN_REDIRECT_URL = reverse_lazy("transactions:requests")
LOGOUT_REDIRECT_URL = reverse_lazy("transactions:home")
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "accounts.forms.LoginForm",
    "reauthenticate": "accounts.forms.ReauthenticateForm",
    "change_password": "accounts.forms.ChangePasswordForm",
}
ACCOUNT_USER_MODEL_USERNAME_FIELD = "national_id"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = True
# Of wrong codes of a second factor, after a right password; wrong passwords are counted in accounts/attempts.py.
ACCOUNT_RATE_LIMITS = {"login_failed": "5/5m/key"}
ACCOUNT_LOGOUT_REDIRECT_URL = LOGOUT_REDIRECT_URL
MFA_ADAPTER = "accounts.adapter.SecondFactorAdapter"
MFA_FORMS = {
    "authenticate": "accounts.forms.AuthenticateForm",
    "reauthenticate": "accounts.forms.ReauthenticateByCodeForm",
    "activate_totp": "accounts.forms.ActivateTOTPForm",
}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Jeddah Municipality"
STAFF_MFA_REQUIRED = env.bool("STAFF_MFA_REQUIRED", default=not DEMO)
# Days a proposal waits for a second administrator (accounts/four_eyes.py).
FOUR_EYES_DAYS = env.int("FOUR_EYES_DAYS", default=7)
# A mobile that was changed at a counter or by an administrator sets no password before so many hours have gone by: the
# mobile on file until then was told, and whoever has it can object.
NEW_MOBILE_HOLD_HOURS = env.int("NEW_MOBILE_HOLD_HOURS", default=72)
# Days a link that confirms an e-mail address counts (accounts/emails.py).
EMAIL_LINK_DAYS = env.int("EMAIL_LINK_DAYS", default=3)
# Days a row of the access log is kept; the database itself keeps each for a year, whatever stands here.
ACCESS_LOG_DAYS = max(366, env.int("ACCESS_LOG_DAYS", default=730))
# Minutes a session may lie without anybody doing anything in it.
STAFF_IDLE_MINUTES = env.int("STAFF_IDLE_MINUTES", default=30)
PUBLIC_IDLE_MINUTES = env.int("PUBLIC_IDLE_MINUTES", default=120)
# What seals the secrets of second factors in the database (accounts/sealed.py): the first seals, all open.
SECOND_FACTOR_KEYS = env.list("SECOND_FACTOR_KEYS", default=[])
KEYS.update({"SECOND_FACTOR_KEYS": min(SECOND_FACTOR_KEYS, key=len)} if SECOND_FACTOR_KEYS and not DEMO else {})

# -- how much one may ask for in an hour (docs/operations.md): members of an engineering office ten times as much, staff
# -- at their work as much as they like
QUOTA_CODES = env.int("QUOTA_CODES", default=3000)
QUOTA_REQUESTS = env.int("QUOTA_REQUESTS", default=20)
QUOTA_DRAFTS = env.int("QUOTA_DRAFTS", default=40)
QUOTA_UPLOAD_MB = env.int("QUOTA_UPLOAD_MB", default=600)
# Megabytes of pieces of one person that never became a file, at any time; in an hour, notices by SMS to one mobile and
# in all: what is beyond waits for the next hour.
QUOTA_UNFINISHED_MB = env.int("QUOTA_UNFINISHED_MB", default=500)
QUOTA_SMS_PHONE = env.int("QUOTA_SMS_PHONE", default=20)
QUOTA_SMS = env.int("QUOTA_SMS", default=20000)
