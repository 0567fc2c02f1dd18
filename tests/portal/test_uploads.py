"""File names and sizes as people bring them, through the page and the API, and back out again."""

from __future__ import annotations

import html
import re
from urllib.parse import quote

import pytest
from django.test import Client
from django.urls import reverse
from knox.models import AuthToken

from transactions.domain import service_types
from transactions.intake import drafts
from transactions.models import Attachment

from ..conftest import NOW, pdf, upload

pytestmark = pytest.mark.django_db
MIB = 1024 * 1024
NAMES = {
    "م" * 300 + ".pdf": "م" * 180 + "….pdf",
    "a" * 300 + ".pdf": "a" * 180 + "….pdf",
    "../../etc/passwd.pdf": "passwd.pdf",
    "..\\..\\windows\\boot.pdf": "boot.pdf",
    "مخطط الدور الأرضي.pdf": "مخطط الدور الأرضي.pdf",
    "\u202efdp.deed.pdf": "fdp.deed.pdf",
}


@pytest.fixture
def ways(cast, signed_in):
    """Sending one file for a deed, by the page and by the API; each returns the answer."""
    draft = drafts.start_draft(service_types.get("land-subdivision"), by=cast.citizen, now=NOW)
    url = reverse("transactions:documents", args=[draft.key])
    page = signed_in(cast.citizen)
    token = {"Authorization": f"Token {AuthToken.objects.create(cast.citizen)[1]}"}
    return {
        "page": lambda file: page.post(url, {"deed": file}, headers={"accept-language": "ar"}),
        "api": lambda file: Client().post("/api/v1/attachments/", {"document": "deed", "file": file}, headers=token),
    }


@pytest.mark.parametrize("way", ["page", "api"])
@pytest.mark.parametrize(
    ("name", "kept"), NAMES.items(), ids=["arabic-300", "latin-300", "dots", "windows", "arabic", "rlo"]
)
def test_a_file_keeps_the_name_people_know_and_comes_back_under_it(way, name, kept, ways, cast, signed_in):
    # As browsers send it; the test client would take the folders off.
    sent = upload("x.pdf")
    sent._name = name
    assert ways[way](sent).status_code == {"page": 302, "api": 201}[way]
    file = Attachment.objects.get()
    assert file.original_name == kept
    answer = signed_in(cast.citizen).get(reverse("transactions:file", args=[file.key]))
    encoded = kept if kept.isascii() else None
    told = f'attachment; filename="{encoded}"' if encoded else f"attachment; filename*=utf-8''{quote(kept)}"
    assert answer["Content-Disposition"] == told
    assert b"".join(answer.streaming_content) == pdf()
    if way == "page":
        draft = file.draft
        assert kept in html.unescape(
            signed_in(cast.citizen).get(reverse("transactions:documents", args=[draft.key])).content.decode()
        )


@pytest.mark.parametrize(("button", "leads_to"), [("check", "check"), ("later", "draft")])
def test_files_chosen_and_not_attached_go_along_with_whoever_goes_on(button, leads_to, cast, signed_in):
    draft = drafts.start_draft(service_types.get("land-subdivision"), by=cast.citizen, now=NOW)
    page, url = signed_in(cast.citizen), reverse("transactions:documents", args=[draft.key])
    assert f'type="submit" name="{button}"' in page.get(url).content.decode()
    onward = reverse(f"transactions:{leads_to}", args=[draft.key])
    assert page.post(url, {button: "1"}).url == onward, "nothing chosen is no mistake there"
    assert page.post(url, {button: "1", "deed": upload()}).url == onward
    assert draft.attachments.count() == 1
    refused = page.post(url, {button: "1", "id_copy": upload("x.pdf", b"MZ no paper")})
    assert refused.status_code == 422
    box = re.search(r'<input type="file"[^>]*name="id_copy"[^>]*>', refused.content.decode())[0]
    assert 'aria-invalid="true"' in box
    assert "error-id_copy" in re.search(r'aria-describedby="([^"]+)"', box)[1].split()
    assert refused.content.decode().count('id="error-id_copy"') == 1


@pytest.mark.thorough
@pytest.mark.parametrize("way", ["page", "api"])
def test_sixty_megabytes_are_refused_in_words_and_nothing_is_kept(way, ways):
    answer = ways[way](upload("مخطط.pdf", pdf(60 * MIB)))
    assert answer.status_code == 422
    if way == "api":
        (problem,) = answer.json()["errors"]
        assert problem["code"] == "file_too_large"
        said = problem["message"]
    else:
        said = html.unescape(answer.content.decode())
    assert "مخطط.pdf" in said
    assert "أكبر من 50" in said
    assert Attachment.objects.count() == 0


@pytest.mark.thorough
@pytest.mark.parametrize("way", ["page", "api"])
def test_exactly_fifty_megabytes_are_taken(way, ways):
    over = ways[way](upload("over.pdf", pdf(50 * MIB + 1)))
    assert (over.status_code, Attachment.objects.count()) == (422, 0)
    assert ways[way](upload("most.pdf", pdf(50 * MIB))).status_code == {"page": 302, "api": 201}[way]
    assert Attachment.objects.get().size == 50 * MIB


LONG = {
    "after-the-dot": "deed." + "x" * 300,
    "arabic-after-the-dot": "صك." + "م" * 120,
    "no-dot": "م" * 400,
    "only-a-dot": "." + "x" * 400,
    "many-dots": "a." * 200 + "pdf",
    "emoji": "deed." + "\U0001f600" * 80,
}


PAGES = ["/", "/inquiry/", "/accounts/login/", "/first/", "/no-such-page/", "/api/v1/inquiries/"]


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("name", LONG.values(), ids=LONG)
def test_a_long_file_name_breaks_no_form_of_any_page(name, path, db):
    sent = upload("x.pdf")
    sent._name = name
    answer = Client(raise_request_exception=False).post(path, {"file": sent})
    assert answer.status_code < 500


@pytest.mark.parametrize("way", ["page", "api"])
@pytest.mark.parametrize("name", LONG.values(), ids=LONG)
def test_a_file_of_a_long_name_is_kept_under_a_shorter_one(way, name, ways):
    sent = upload("x.pdf")
    sent._name = name
    assert ways[way](sent).status_code == {"page": 302, "api": 201}[way]
    assert 0 < len(Attachment.objects.get().original_name) <= 200
