"""What goes out compressed, and what does not."""

import gzip

from django.http import HttpResponse
from django.test import RequestFactory
from django.urls import reverse

from jeddah_portal.middleware import CompressPages
from transactions.models import Attachment

GZIP = {"Accept-Encoding": "gzip"}


def test_pages_go_out_compressed(client, city):
    answer = client.get("/inquiry/", headers=GZIP)
    assert answer["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in answer["Vary"]
    assert "أين وصل طلبي؟" in gzip.decompress(answer.content).decode()


def test_the_length_of_an_answer_tells_nothing_of_what_is_in_it():
    """The same page is as long as chance has it: of fifty answers a few at least differ."""
    page = "<p>الطلب نفسه</p>" * 100
    send = CompressPages(lambda _request: HttpResponse(page))
    answers = [send(RequestFactory().get("/", headers=GZIP)).content for _ in range(50)]
    assert {gzip.decompress(answer).decode() for answer in answers} == {page}
    assert len({len(answer) for answer in answers}) > 5


def test_the_words_of_the_admins_scripts_go_out_compressed(cast, signed_in):
    answer = signed_in(cast.reviewer).get(reverse("staff:jsi18n"), headers=GZIP)
    assert b"gettext" in gzip.decompress(answer.content)


def test_files_and_the_api_go_out_as_they_are(submitted, cast, signed_in):
    case = submitted()
    file = Attachment.objects.filter(transaction=case).first()
    answer = signed_in(cast.citizen).get(reverse("transactions:file", args=[file.key]), headers=GZIP)
    assert "Content-Encoding" not in answer
    assert answer["Content-Length"] == str(file.size)
    assert "Content-Encoding" not in signed_in(cast.citizen).get("/api/v1/services/", headers=GZIP)
