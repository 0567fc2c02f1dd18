"""What goes out compressed, and what does not."""

import gzip

from django.urls import reverse

from transactions.models import Attachment

GZIP = {"Accept-Encoding": "gzip"}


def test_pages_go_out_compressed_and_differ_in_length_each_time(client, city):
    answers = [client.get("/inquiry/", headers=GZIP) for _ in range(8)]
    assert {answer["Content-Encoding"] for answer in answers} == {"gzip"}
    assert "Accept-Encoding" in answers[0]["Vary"]
    assert "أين وصل طلبي؟" in gzip.decompress(answers[0].content).decode()
    # Padding by a random length, so that the length tells nothing of what is in it.
    assert len({len(answer.content) for answer in answers}) > 1


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
