"""The addresses of an office box. Which of them answer, office_role.PAGES says: the others have a name, so that pages
which lead to them can be shown, and are not there.
"""

from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from accounts.languages import set_language
from boxes.office.site import office_site

from . import views, well_known

urlpatterns: list[URLPattern | URLResolver] = [
    path("", RedirectView.as_view(pattern_name="staff:index")),
    path("", include("transactions.urls")),
    path("", include("accounts.urls")),
    path("", include("journal.urls")),
    path("accounts/", include("accounts.sign_in_urls")),
    path("staff/", office_site.urls),
    path("language/", set_language, name="set_language"),
    path("favicon.ico", well_known.favicon),
    path("emblem", well_known.emblem_file),
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
]

handler400 = "jeddah_portal.views.bad_request"
handler403 = "jeddah_portal.views.forbidden"
handler404 = "jeddah_portal.views.not_found"
handler500 = "jeddah_portal.views.server_error"
