"""What browsers, search engines and finders of holes ask of every site. Asks neither database nor session."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from core.emblem import emblem
from transactions.domain import service_types

# What concerns one person, or programs: nothing to find there, and a reader of robots.txt need not try.
NOT_FOR_SEARCH = ("/requests/", "/drafts/", "/notices/", "/profile/", "/email/", "/first/", "/files/", "/office/",
                  "/authorisations/", "/staff/", "/accounts/", "/api/v1/transactions/")  # fmt: skip
WORTH_FINDING = (
    "home",
    "services",
    "inquiry",
    "help",
    "contact",
    "figures",
    "books",
    "privacy",
    "terms",
    "accessibility",
)
# RFC 9116 wants a day less than a year ahead; counted from now it is never past.
CONTACT_HOLDS = timedelta(days=180)


def _text(lines: list[str]) -> HttpResponse:
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


@require_safe
@cache_control(public=True, max_age=86400)
def favicon(request: HttpRequest) -> HttpResponse:
    return redirect(static("img/mark.svg"))


@require_safe
@cache_control(public=True, max_age=31_536_000, immutable=True)
def emblem_file(request: HttpRequest) -> HttpResponse:
    """The municipality's own emblem. Opened by itself, an SVG runs nothing and loads nothing."""
    own = emblem()
    if own is None:
        raise Http404
    answer = HttpResponse(own.content, content_type=own.content_type)
    answer["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    return answer


@require_safe
@cache_control(public=True, max_age=86400)
def robots(request: HttpRequest) -> HttpResponse:
    hidden = [f"Disallow: {path}" for path in NOT_FOR_SEARCH]
    return _text(["User-agent: *", *hidden, f"Sitemap: {settings.PORTAL_URL}/sitemap.xml"])


@require_safe
@cache_control(public=True, max_age=86400)
def sitemap(request: HttpRequest) -> HttpResponse:
    pages = [reverse(f"transactions:{name}") for name in WORTH_FINDING] + [reverse("journal:verify")]
    pages += [reverse("transactions:service", args=[service.code]) for service in service_types.offered_services()]
    places = "".join(f"<url><loc>{escape(settings.PORTAL_URL + page)}</loc></url>" for page in pages)
    head = '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
    return HttpResponse(f"{head}{places}</urlset>\n", content_type="application/xml; charset=utf-8")


@require_safe
@cache_control(public=True, max_age=86400)
def security(request: HttpRequest) -> HttpResponse:
    """Whom to tell of a hole (RFC 9116)."""
    contact = settings.SECURITY_CONTACT
    until = (timezone.now() + CONTACT_HOLDS).strftime("%Y-%m-%dT%H:%M:%SZ")
    return _text([
        f"Contact: {contact if ':' in contact else f'mailto:{contact}'}",
        f"Expires: {until}",
        "Preferred-Languages: ar, en",
        f"Canonical: {settings.PORTAL_URL}/.well-known/security.txt",
    ])  # fmt: skip
