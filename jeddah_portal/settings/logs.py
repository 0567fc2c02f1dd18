"""Logs and figures."""

from __future__ import annotations

from .environment import env

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
