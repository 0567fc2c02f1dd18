"""The stand-alone verifier and PDFs: what was changed in any byte is told, without a server and without a network."""

from __future__ import annotations

import base64
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from journal import verifier
from transactions.signed_papers import authority, demo_authority, frames, signing
from transactions.signed_papers.authority import Authority
from transactions.signed_papers.sheet import sheet_of
from transactions.signed_papers.typesetting import typeset

from ..conftest import NOW
from ..signers import rsa_authority
from .test_verifier import CONTENT, URL

PAGE = {"title": "رخصة بناء", "office": "", "files": [], "subject": "رخصة بناء"}
RECEIPT = {"what": "received", "reference": "C1A-1448-000001-X", "applicant": "فاطمة", "at": NOW.isoformat()}
# One flip in so many places spread over the file, and every byte of the container's beginning and end.
FLIPS = 300


def sign(pdf, by) -> bytes:
    """In a thread of its own: the browser's driver runs a loop in this one, and so would the signer."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(signing.sign, pdf, by).result()


def drawn() -> bytes:
    return typeset(sheet_of({**RECEIPT, "ar": PAGE, "en": PAGE}, address="https://example/verify/x", is_demo=True), NOW)


def listed(by: Authority, pdf: bytes) -> dict:
    public = by.certificate.public_key()
    width = 0 if hasattr(public, "public_numbers") and hasattr(public.public_numbers(), "e") else 32
    key = base64.b64encode(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()
    curve = "P-256" if width else ""
    return {"subject": "CN=Papers", "demo": True, "key": key, "curve": curve, "width": width, **frames.parts_of(pdf)}


@pytest.fixture(scope="module")
def signed(tmp_path_factory):
    """(PDF, what the page knows of its certificate), by an elliptic and by an RSA key, and a PDF nobody signed."""
    folder: Path = tmp_path_factory.mktemp("keys")
    ours = authority._read(demo_authority.ready(folder, NOW), 0, "", False, is_demo=True)
    key, certificates = rsa_authority()
    path = folder / "rsa.pem"
    path.write_bytes(demo_authority._pem(key) + b"".join(each.public_bytes(Encoding.PEM) for each in certificates))
    real = authority._read(path, 0, "", False)
    plain = drawn()
    made = [(sign(plain, by), by) for by in (ours, real)]
    return [(pdf, listed(by, pdf)) for pdf, by in made], plain


@pytest.fixture
def page(browser, tmp_path, signed, monkeypatch):
    monkeypatch.setattr(verifier, "_certificates", lambda: [known for _pdf, known in signed[0]])
    file = tmp_path / "verifier.html"
    file.write_text(verifier.build(CONTENT, URL), encoding="utf-8")
    context = browser.new_context(viewport={"width": 360, "height": 780}, offline=True)
    page = context.new_page()
    page.goto(file.as_uri())
    yield page
    context.close()


def chosen(page, content):
    page.set_input_files("#pdf", {"name": "x.pdf", "mimeType": "application/pdf", "buffer": content})
    page.locator("#result").wait_for()
    page.wait_for_function("document.activeElement.id === 'result'")
    return page.locator("#outcome").get_attribute("class").split("--")[1], page.locator("#outcome-title").inner_text()


def test_a_paper_of_ours_is_good_and_others_are_told_apart(page, signed):
    both, plain = signed
    page.locator("#other").click()
    for pdf, _known in both:
        assert chosen(page, pdf) == ("success", "This PDF is unchanged since we signed it")
        assert "CN=Papers" in page.locator("#outcome-text").inner_text()
        assert page.locator("#not-known").is_visible()
    assert chosen(page, plain) == ("error", "This PDF bears no signature")
    assert chosen(page, b"hello")[1] == "This is not a PDF"
    key, certificates = rsa_authority()
    stranger = Authority(certificates[0], (certificates[1],), both_key(key), is_demo=False)
    assert chosen(page, sign(plain, stranger))[1] == "We do not know who signed this PDF"
    assert chosen(page, both[0][0] + b"\n% more")[0] == "error"


def test_of_a_stolen_certificate_nothing_is_called_good(browser, tmp_path, signed, monkeypatch):
    (stolen, known), (other, also_known) = signed[0]
    listed = [known | {"stolen": NOW.isoformat()}, also_known | {"stolen": ""}]
    monkeypatch.setattr(verifier, "_certificates", lambda: listed)
    file = tmp_path / "verifier.html"
    file.write_text(verifier.build(CONTENT, URL), encoding="utf-8")
    context = browser.new_context(viewport={"width": 360, "height": 780}, offline=True)
    page = context.new_page()
    page.goto(file.as_uri())
    page.locator("#other").click()
    assert chosen(page, stolen) == ("error", "This PDF cannot be trusted")
    assert f"{NOW:%Y}" in page.locator("#outcome-text").inner_text()
    assert page.locator("#not-known").is_visible()
    assert chosen(page, other)[0] == "success"
    context.close()


def both_key(key) -> bytes:
    from cryptography.hazmat.primitives.serialization import NoEncryption, PrivateFormat

    return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def test_no_changed_byte_is_called_good(page, signed):
    """Flipped anywhere, cut anywhere, with anything behind, with the content of another: never good."""
    for pdf, _known in signed[0]:
        chance = Random(1448)
        container = pdf.index(b"/Contents <") + 11
        end = pdf.index(b">", container)
        filling = end - 40
        places = [chance.randrange(len(pdf)) for _each in range(FLIPS)]
        places += [
            *range(container, container + 400),
            *(chance.randrange(container, end) for _each in range(FLIPS)),
            filling,
        ]
        changes = [[place, 1 << chance.randrange(8)] for place in places]
        changes += [[place, 0x20] for place in range(container, container + 600)]  # capital letters in the container
        outcomes = page.evaluate(
            """async ([text, changes, cuts]) => {
                const whole = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
                const known = JSON.parse(document.getElementById("verifier-data").textContent).certificates;
                const good = [];
                for (const [place, bits] of changes) {
                    const data = whole.slice();
                    data[place] ^= bits;
                    if ((await checkPdf(data, known)).outcome === "pdf_good") good.push([place, bits]);
                }
                for (const cut of cuts)
                    if ((await checkPdf(whole.slice(0, cut), known)).outcome === "pdf_good") good.push(cut);
                return good;
            }""",
            [base64.b64encode(pdf).decode(), changes, [chance.randrange(len(pdf)) for _each in range(50)]],
        )
        assert outcomes == []
