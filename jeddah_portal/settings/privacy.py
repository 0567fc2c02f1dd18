"""Personal data (PDPL): who answers for it, on what ground it is kept, and for how long. Shown at /privacy/."""

from __future__ import annotations

from .environment import env

PRIVACY = {
    "controller": {
        "ar": env.str("CONTROLLER_AR", default="أمانة محافظة جدة"),
        "en": env.str("CONTROLLER_EN", default="Jeddah Municipality"),
    },
    "ground": {
        "ar": env.str(
            "LEGAL_GROUND_AR",
            default="أداء المهام البلدية التي كلفها بها النظام (نظام حماية البيانات الشخصية، المادة السادسة)",
        ),
        "en": env.str(
            "LEGAL_GROUND_EN",
            default="the municipal tasks the law gives us (Personal Data Protection Law, article 6)",
        ),
    },
    "contact": env.str("PRIVACY_CONTACT", default="privacy@jeddah.example"),
}
# Whom finders of a hole tell: an address of mail, or a link; shown in /.well-known/security.txt.
SECURITY_CONTACT = env.str("SECURITY_CONTACT", default="security@jeddah.example")
# Days: drafts nobody has saved since, and notices, of which the request's own page tells as well.
KEEP_DRAFTS_DAYS = env.int("KEEP_DRAFTS_DAYS", default=180)
KEEP_NOTICES_DAYS = env.int("KEEP_NOTICES_DAYS", default=730)
