"""Django itself: apps, middleware, templates, caches, languages, static files and uploads."""

from __future__ import annotations

from pathlib import Path

from .. import stores
from .environment import BASE_DIR, DEMO, VAR, env, secret

# -- Django ----------------------------------------------------------------------------------------------------
DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = secret("SECRET_KEY")
# The probes of the machine itself ask by address.
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["*"]) if DEMO else [*env.list("ALLOWED_HOSTS"), "127.0.0.1"]
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
# What links in messages begin with; a worker has no request to learn it from.
PORTAL_URL = env.str("PORTAL_URL", default="http://127.0.0.1:8000" if DEMO else f"https://{ALLOWED_HOSTS[0]}").rstrip(
    "/"
)

INSTALLED_APPS = [
    "django.contrib.admin.apps.SimpleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "drf_spectacular",
    "knox",
    "rest_framework",
    "simple_history",
    "core",
    "municipality",
    "accounts",
    "journal",
    "transactions",
    "continuity",
    "billing",
    "outside",
    "drawings",
    "boxes",
    "permits",
    "api",
    "jeddah_portal",
]

MIDDLEWARE = [
    "jeddah_portal.middleware.MeteringMiddleware",
    "jeddah_portal.middleware.RequestIdMiddleware",
    "jeddah_portal.middleware.ClientAddressMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "jeddah_portal.middleware.CompressPages",
    "csp.middleware.CSPMiddleware",
    "jeddah_portal.middleware.LanguageMiddleware",
    "jeddah_portal.middleware.WrittenTextMiddleware",
    "jeddah_portal.middleware.PrivacyMiddleware",
    "jeddah_portal.middleware.TakesNothingMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "accounts.sessions.KnownUserMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "transactions.views.form_recovery.FormRecoveryMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "jeddah_portal.middleware.ClosedMiddleware",
    "jeddah_portal.public.PublicPages",
]
ROOT_URLCONF = "jeddah_portal.urls"
WSGI_APPLICATION = "jeddah_portal.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": [
                "django.templatetags.i18n",
                "core.templatetags.portal",
                "transactions.templatetags.cases",
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "jeddah_portal.context.portal",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# -- caches: counts that several processes share lie in the database, hints that may differ a minute in each -----
CACHES = {
    # Sign-ins that failed: at Django's 300 entries a few hundred people would push each other's counts out.
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "cache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    },
    # Of each process: parts of pages, and answers of about 4 KB to those who ask after a request.
    "local": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "OPTIONS": {"MAX_ENTRIES": 2000}},
    # Of each process: wrong tries while a copy answers, and how often strangers had us keep what they typed. An
    # address may add a few dozen an hour, so that nobody can push a count out by filling this up.
    "tries": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "tries",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    },
}

# -- languages -------------------------------------------------------------------------------------------------
LANGUAGE_CODE = "ar"
LANGUAGES = [("ar", "العربية"), ("en", "English")]
LANGUAGE_COOKIE_NAME = "language"
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = "jeddah_portal.formats"
TIME_ZONE = "Asia/Riyadh"

# -- static files and uploads ----------------------------------------------------------------------------------
STATIC_URL = "/static/"
BUILT_STATIC = VAR / "built"
STATICFILES_DIRS = [BASE_DIR / "static", BUILT_STATIC]
# The folder of built files is made by `manage.py build_fonts`; before that, its absence is no news. What HSTS says of
# other sites of the domain is for those to decide who know them all.
SILENCED_SYSTEM_CHECKS = ["staticfiles.W004", "security.W005", "security.W021"]
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(VAR / "static")))
MEDIA_ROOT = Path(env.str("MEDIA_ROOT", default=str(VAR / "files")))
STORAGES = {
    "default": stores.of_attachments(env.str("ATTACHMENTS_URL", default="")),
    "staticfiles": {
        "BACKEND": env.str("STATIC_STORAGE", default="whitenoise.storage.CompressedManifestStaticFilesStorage")
    },
}
# Files are scanned by this daemon of ClamAV as they arrive; unset, they are "not scanned".
CLAMD_URL = env.str("CLAMD_URL", default="")
FILE_UPLOAD_HANDLERS = ["transactions.attachments.uploads.BoundedUploadHandler"]
FILE_UPLOAD_MAX_MEMORY_SIZE = 64 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FILES = 40
