"""What a production start makes of its environment when little is set, and what `check --deploy` says of it."""

from __future__ import annotations

import json

import pytest
from django.core.cache import caches

from jeddah_portal.checks import proxies_are_counted

from ..production import environment, start

WANTED = ("TRUSTED_PROXIES", "SECURE_HSTS_SECONDS", "SECURE_HSTS_INCLUDE_SUBDOMAINS", "SECURE_HSTS_PRELOAD")
SAY = f"import json; from jeddah_portal import settings; print(json.dumps([getattr(settings, n) for n in {WANTED}]))"


def production(tmp_path, **more):
    done = start(environment(tmp_path, **more), "-c", SAY)
    return dict(zip(WANTED, json.loads(done.stdout), strict=True))


def test_behind_tls_callers_are_told_apart_and_hsts_speaks_for_this_site_alone(tmp_path):
    assert production(tmp_path) == {
        "TRUSTED_PROXIES": 1,
        "SECURE_HSTS_SECONDS": 31_536_000,
        "SECURE_HSTS_INCLUDE_SUBDOMAINS": False,
        "SECURE_HSTS_PRELOAD": False,
    }
    assert production(tmp_path, BEHIND_TLS="0")["TRUSTED_PROXIES"] == 0
    wider = production(tmp_path, HSTS_INCLUDE_SUBDOMAINS="1", HSTS_PRELOAD="1", TRUSTED_PROXIES="2")
    assert tuple(wider.values()) == (2, 31_536_000, True, True)


@pytest.mark.parametrize(("tls", "proxies", "said"), [(True, 0, ["portal.W002"]), (True, 1, []), (False, 0, [])])
def test_a_proxy_nobody_counts_is_named_before_it_goes_live(tls, proxies, said, settings):
    settings.BEHIND_TLS, settings.TRUSTED_PROXIES = tls, proxies
    assert [one.id for one in proxies_are_counted(None)] == said


@pytest.mark.django_db
def test_many_who_mistype_push_nobodys_count_out():
    shared = caches["default"]
    shared.set("0-the-first", 5, 300)
    for number in range(310):
        shared.set(f"another-{number}", 1, 300)
    assert shared.get("0-the-first") == 5
