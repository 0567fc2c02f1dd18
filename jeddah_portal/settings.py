"""Every setting, from the environment, in one file. docs/operations.md explains each; .env.example lists them.

With nothing set this is the demo: SQLite, no broker, secrets made once under var/. With DEMO=0 whatever is
missing stops the start with its name.
"""

from __future__ import annotations

import re
from pathlib import Path

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.urls import reverse_lazy
from kombu import Queue

from . import stores
from .demo_secrets import demo_secret

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
if (BASE_DIR / ".env").exists():
    env.read_env(str(BASE_DIR / ".env"))

DEMO = env.bool("DEMO", default=True)
VAR = Path(env.str("VAR_DIR", default=str(BASE_DIR / "var")))
DEMO_TRANSACTIONS = env.int("DEMO_TRANSACTIONS", default=2010)


def secret(name: str) -> str:
    """A secret from the environment; the demo makes its own and keeps it under var/."""
    if DEMO:
        return env.str(name, default="") or demo_secret(VAR, name)
    return env.str(name)


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
    "municipality",
    "accounts",
    "journal",
    "transactions",
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
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
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
                "municipality.templatetags.portal",
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

# -- database --------------------------------------------------------------------------------------------------
DATABASE_URL_DEFAULT = f"sqlite:///{VAR / 'portal.sqlite3'}"
DATABASES = {"default": env.db("DATABASE_URL", default=DATABASE_URL_DEFAULT) if DEMO else env.db("DATABASE_URL")}
if env.str("REPLICA_DATABASE_URL", default=""):
    # A streaming replica of the same server: it answers inquiries (transactions/replica.py).
    DATABASES["replica"] = env.db("REPLICA_DATABASE_URL")
    DATABASES["replica"]["TEST"] = {"MIRROR": "default"}
DATABASE_ROUTERS = ["transactions.replica.Router"]
# Seconds a request of the web may wait for the database, all its statements together, before it answers 503.
DATABASE_PATIENCE = env.float("DATABASE_PATIENCE", default=1.5)
# What PostgreSQL is told of every session, and of those of the web besides (libpq's `options`).
DATABASE_SESSION = env.str("DATABASE_SESSION", default="-c idle_in_transaction_session_timeout=15s")
DATABASE_WEB_SESSION = env.str("DATABASE_WEB_SESSION", default="-c lock_timeout=1200ms -c statement_timeout=3s")
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # Write-ahead mode is unsafe before SQLite 3.51.3 (Debian 12 ships 3.40); deferred transactions fail under load.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=TRUNCATE; PRAGMA synchronous=EXTRA; PRAGMA foreign_keys=ON;",
    }
    # A file, so that tests may start other processes on it.
    DATABASES["default"]["TEST"] = {"NAME": str(VAR / "test.sqlite3")}
else:
    # Behind PgBouncer in transaction mode neither a connection nor a cursor of the server may outlive a transaction.
    pooled = env.bool("DATABASE_POOLED", default=False)
    for database in DATABASES.values():
        database["CONN_MAX_AGE"] = 0 if pooled else 60
        database["DISABLE_SERVER_SIDE_CURSORS"] = pooled
        database["CONN_HEALTH_CHECKS"] = True
        database.setdefault("OPTIONS", {}).update(
            connect_timeout=2, keepalives_idle=5, keepalives_interval=5, keepalives_count=2, tcp_user_timeout=10_000
        )
        database["OPTIONS"]["options"] = DATABASE_SESSION
# Django's own engine, noting commits (transactions/database).
for database in DATABASES.values():
    database["ENGINE"] = database["ENGINE"].replace("django.db.backends", "transactions.database")

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
    # Of each process: wrong tries while a copy answers, and what strangers had us keep (transactions/views/kept.py). An
    # address may add a few dozen an hour, so that nobody can push a count out by filling this up.
    "tries": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "tries",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    },
}

# -- people ----------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
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
ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,5/5m/key"}
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
FILE_UPLOAD_HANDLERS = ["transactions.uploads.BoundedUploadHandler"]
FILE_UPLOAD_MAX_MEMORY_SIZE = 64 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FILES = 40

# -- the journal and receipts ----------------------------------------------------------------------------------
JOURNAL_NODE = env.str("JOURNAL_NODE", default="C1")
JOURNAL_INCARNATION = env.str("JOURNAL_INCARNATION", default="A")
if not re.fullmatch("[A-Z][0-9A-Z][A-Z]", JOURNAL_NODE + JOURNAL_INCARNATION):
    raise ImproperlyConfigured("JOURNAL_NODE is a letter and a letter or digit, JOURNAL_INCARNATION a letter (A to Z).")
JOURNAL_KEY = env.str("JOURNAL_KEY", default="")
JOURNAL_KEY_FILE = env.str("JOURNAL_KEY_FILE", default=str(VAR / "keys" / f"{JOURNAL_NODE}{JOURNAL_INCARNATION}.key"))
if not (DEMO or JOURNAL_KEY or Path(JOURNAL_KEY_FILE).exists()):
    raise ImproperlyConfigured("Set JOURNAL_KEY, or put the journal's key into JOURNAL_KEY_FILE.")
RECEIPT_PIN_KEY = secret("RECEIPT_PIN_KEY")

# -- notices ---------------------------------------------------------------------------------------------------
SMS_BACKEND = env.str("SMS_BACKEND", default="accounts.sms.to_file") if DEMO else env.str("SMS_BACKEND")
SMS_DIR = VAR / "sms"
vars().update(env.email_url("EMAIL_URL", default="filemail:") if DEMO else env.email_url("EMAIL_URL"))
# It sets the folder too, to nothing where the URL names none.
EMAIL_FILE_PATH = vars().get("EMAIL_FILE_PATH") or VAR / "mail"
EMAIL_TIMEOUT = 5
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="portal@jeddah.example")

# -- work owed: Celery when there is a broker, `manage.py work` when there is none --------------------------------
CELERY_BROKER_URL = env.str("REDIS_URL", default="")
CELERY_TASK_QUEUES = [Queue("routing"), Queue("notifications"), Queue("upkeep")]
CELERY_TASK_DEFAULT_QUEUE = "upkeep"
CELERY_TASK_ROUTES = {
    "transactions.tasks.route": {"queue": "routing"},
    "transactions.tasks.notify": {"queue": "notifications"},
    "transactions.tasks.recount": {"queue": "upkeep"},
    "transactions.tasks.warn": {"queue": "notifications"},
    "transactions.tasks.sweep": {"queue": "upkeep"},
    "transactions.tasks.beat_heart": {"queue": "upkeep"},
    "transactions.tasks.upkeep": {"queue": "upkeep"},
}
CELERY_BEAT_SCHEDULE = {
    "sweep": {"task": "transactions.tasks.sweep", "schedule": 5, "options": {"expires": 30}},
    "heartbeat": {"task": "transactions.tasks.beat_heart", "schedule": 15, "options": {"expires": 30}},
    # What is due every hour or day; asked more often, so that nothing is lost when beat was down at its hour.
    "upkeep": {"task": "transactions.tasks.upkeep", "schedule": 600, "options": {"expires": 300}},
}
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR / "celerybeat-schedule")
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# Below the lease of the outbox (20 s), so that a task which hangs is ended before another may take its rows over.
CELERY_TASK_SOFT_TIME_LIMIT = 12
CELERY_TASK_TIME_LIMIT = 16
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_IGNORE_RESULT = True
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 300,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_timeout": 5,
    "socket_connect_timeout": 1,
    # Publishing tries once: the row waits in the outbox anyway, and nobody should wait for a broker.
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0,
    "interval_max": 0,
    "socket_keepalive": True,
    "health_check_interval": 15,
}
if CELERY_BROKER_URL.startswith("sentinel://"):
    CELERY_BROKER_TRANSPORT_OPTIONS["master_name"] = env.str("REDIS_SENTINEL_MASTER", default="portal")
CELERY_WORKER_HIJACK_ROOT_LOGGER = False

# -- API -------------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "api.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PARSER_CLASSES": ["api.parsers.BoundedJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "api.errors.handler",
}
REST_KNOX = {"TOKEN_TTL": None}
SPECTACULAR_SETTINGS = {
    "TITLE": "Jeddah municipal e-services",
    "DESCRIPTION": "Submit, follow and work municipal transactions.",
    "VERSION": "1.0.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {"StatusEnum": "transactions.workflow.Status"},
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "api.schema.add_problems",
    ],
}

# -- security --------------------------------------------------------------------------------------------------
BEHIND_TLS = env.bool("BEHIND_TLS", default=not DEMO)
# Where TLS ends in front of us, something stands in front: without this every caller would have its address.
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=int(BEHIND_TLS))
SECURE_SSL_REDIRECT = BEHIND_TLS
# Probes and Prometheus ask on the inside, without a proxy.
SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz|metrics)$"]
SECURE_HSTS_SECONDS = 31_536_000 if BEHIND_TLS else 0
# These speak for every site under the same domain, and browsers that were told cannot be told otherwise soon.
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.bool("HSTS_INCLUDE_SUBDOMAINS", default=False)
SECURE_HSTS_PRELOAD = env.bool("HSTS_PRELOAD", default=False)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_TLS else None
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = BEHIND_TLS
SESSION_COOKIE_AGE = 12 * 3600
CSRF_FAILURE_VIEW = "jeddah_portal.views.csrf_failure"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
    }
}

# -- backups: encrypted for this age recipient, whose identity is kept elsewhere -----------------------------------
BACKUP_RECIPIENT = env.str("BACKUP_RECIPIENT", default="")
BACKUP_DIR = Path(env.str("BACKUP_DIR", default=str(VAR / "backups")))

# -- figures for Prometheus: whoever brings this token gets them; without one there is no /metrics ----------------
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")

# -- logs: one JSON object a line, one id through web, outbox and task, and nobody's personal data ---------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "context": {"()": "jeddah_portal.logs.Context"},
        "no_personal_data": {"()": "jeddah_portal.logs.NoPersonalData"},
    },
    "formatters": {
        "json": {
            "()": "pythonjsonlogger.json.JsonFormatter",
            "fmt": "%(levelname)s %(name)s %(message)s %(request_id)s",
            "timestamp": True,  # with its offset: hosts and people count in different zones
        }
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "json",
            "filters": ["context", "no_personal_data"],
        }
    },
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {
        "django": {"handlers": [], "level": "INFO"},
        "django.server": {"handlers": [], "propagate": True},
    },
}
