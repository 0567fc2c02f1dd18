"""What browsers and proxies are told."""

from __future__ import annotations

from csp.constants import NONE, SELF

from .environment import DEMO, env

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
