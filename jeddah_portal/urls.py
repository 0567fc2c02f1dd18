from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from accounts.languages import set_language
from transactions.admin import staff_site

from . import metrics, views, well_known
from .status_site.views import status

urlpatterns: list[URLPattern | URLResolver] = [
    # First, since programs ask most often: behind it some sixty patterns are tried.
    path("api/v1/", include("api.v1.urls")),
    path("", include("transactions.urls")),
    path("", include("accounts.urls")),
    path("", include("journal.urls")),
    path("", include("billing.urls")),
    path("", include("outside.urls")),
    path("", include("drawings.urls")),
    path("", include("boxes.urls")),
    path("accounts/", include("accounts.sign_in_urls")),
    path("staff/", staff_site.urls),
    path("status/", status, name="status"),
    path("language/", set_language, name="set_language"),
    path("favicon.ico", well_known.favicon),
    path("emblem", well_known.emblem_file),
    path("robots.txt", well_known.robots),
    path("sitemap.xml", well_known.sitemap),
    path(".well-known/security.txt", well_known.security),
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("metrics", metrics.metrics, name="metrics"),
]
if settings.DEMO:
    from .views_design import design, error_page

    urlpatterns += [path("design/", design, name="design"), path("design/<int:status>/", error_page)]

handler400 = "jeddah_portal.views.bad_request"
handler403 = "jeddah_portal.views.forbidden"
handler404 = "jeddah_portal.views.not_found"
handler500 = "jeddah_portal.views.server_error"
