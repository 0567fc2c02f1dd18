"""What clerks print they print from the workbench: its frame and the way back, the same paper."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from municipality.models import Office
from permits.catalogue import electricity_connection

from ..conftest import drive

pytestmark = pytest.mark.django_db
PAPERS = {"building-permit": "registry", "electricity-connection": "supervisor", "land-subdivision": "reviewer"}


def links(html: str) -> list[str]:
    return re.findall(r'href="([^"#]+)', html)


def in_the_frame(html: str) -> bool:
    home, queue = reverse("transactions:home"), reverse("staff:index")
    return queue in links(html) and home not in links(html) and reverse("transactions:requests") not in links(html)


@pytest.mark.parametrize(("service", "who"), PAPERS.items())
def test_an_issued_paper_opens_in_the_workbench_and_leads_back_to_the_case(service, who, cast, submitted, signed_in):
    case = drive(submitted(service), cast, "completed" if service == "electricity-connection" else "issued")
    staff = signed_in(getattr(cast, who))
    page = reverse("staff:case", args=[case.reference])
    paper = next(link for link in links(staff.get(page).content.decode()) if "/documents/" in link)
    html = staff.get(paper).content.decode()
    assert in_the_frame(html)
    assert page in links(html)
    plain = signed_in(cast.citizen).get(paper).content.decode()
    assert not in_the_frame(plain)
    assert article(plain)
    assert article(html) == article(plain)


def article(html: str) -> str:
    """But for when it is printed and what it is worth at that moment, which each print says as of its own."""
    paper = html.partition("<article")[2].partition("</article>")[0].rpartition('<footer class="paper__foot">')[0]
    return re.sub(r'<span class="worth">.*?</span>', "", paper, flags=re.S)


def test_the_receipt_of_the_counter_too_on_both_papers(cast, submitted, signed_in):
    case = submitted(channel="counter", centre=Office.objects.get(code="SC01"))
    clerk = signed_in(cast.clerk)
    for page in (reverse("staff:counter") + "?taken=all", reverse("staff:case", args=[case.reference])):
        found = [link for link in links(clerk.get(page).content.decode()) if "/receipt/" in link]
        if found:
            html = clerk.get(found[0]).content.decode()
            assert in_the_frame(html)
            assert {reverse("staff:counter"), reverse("staff:case", args=[case.reference])} <= set(links(html))
            slip = next(link for link in links(html) if "slip" in link).replace("&amp;", "&")
            assert in_the_frame(clerk.get(found[0].partition("?")[0] + slip).content.decode())
    assert found


def test_nobody_but_staff_gets_the_frame(cast, submitted, signed_in):
    case = submitted()
    html = signed_in(cast.citizen).get(reverse("transactions:receipt", args=[case.reference]) + "?desk=1").content
    assert not in_the_frame(html.decode())
    assert electricity_connection.SERVICE.code == case.service
