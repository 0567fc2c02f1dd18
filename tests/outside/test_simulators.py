"""The process of the simulators: what it says it is, where each is mounted, and what they share."""

from __future__ import annotations

import sys
import types
import wsgiref.util
from io import BytesIO

import pytest

from jeddah_portal.demo_secrets import demo_secret
from simulators import __main__ as process
from simulators import frame

pytestmark = pytest.mark.embedded


def get(application, path, method="GET", content=b""):
    environ = {
        "PATH_INFO": path, "REQUEST_METHOD": method,
        "wsgi.input": BytesIO(content), "CONTENT_LENGTH": str(len(content)),
    }  # fmt: skip
    wsgiref.util.setup_testing_defaults(environ)
    environ["SCRIPT_NAME"] = ""
    said = {}

    def start_response(status, headers):
        said.update(status=int(status[:3]), headers=dict(headers))

    said["content"] = b"".join(application(environ, start_response)).decode()
    return said


@pytest.fixture
def invented(monkeypatch):
    """A simulator that only this test knows."""
    module = types.ModuleType("simulators.sign_on_of_a_test")
    module.TITLE = ("تجربة", "A trial")

    def handle(request):
        if request.path == "/trip":
            raise RuntimeError("tripped")
        if request.path == "/json":
            return frame.data(request.json())
        return frame.data({"mount": request.mount, "portal": request.portal, "folder": request.folder.name})

    module.application = frame.application(handle)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    found = process.discover()
    monkeypatch.setattr(process, "discover", lambda: found | {"/sign-on-of-a-test": module})


def test_the_first_page_says_in_both_languages_that_nothing_here_is_real(tmp_path, invented):
    said = get(process.mounted(tmp_path), "/")
    assert said["status"] == 200
    for words in ("Simulator – not a real service", "محاكاة – ليست خدمة حقيقية", 'href="/sign-on-of-a-test/"'):
        assert words in said["content"]
    assert "default-src 'none'" in said["headers"]["Content-Security-Policy"]


def test_a_module_is_mounted_under_its_name_with_a_folder_of_its_own(tmp_path, invented):
    application = process.mounted(tmp_path, "http://127.0.0.1:8000")
    said = get(application, "/sign-on-of-a-test/x")
    assert said["content"] == (
        '{"mount": "/sign-on-of-a-test", "portal": "http://127.0.0.1:8000", "folder": "sign-on-of-a-test"}'
    )
    assert (tmp_path / "sign-on-of-a-test").is_dir()
    assert get(application, "/nothing/x")["status"] == 404


@pytest.mark.parametrize(
    ("path", "content", "status"),
    [
        ("/json", b'{"a": 1}', 200),
        ("/json", b"[]", 400),
        ("/json", b"{", 400),
        ("/json", b"\xff", 400),
        ("/trip", b"", 500),
    ],
)
def test_what_it_cannot_read_is_answered(tmp_path, invented, path, content, status, capfd):
    assert get(process.mounted(tmp_path), f"/sign-on-of-a-test{path}", "POST", content)["status"] == status


def test_portal_and_simulator_share_a_secret_whoever_asks_first(tmp_path):
    assert frame.shared_secret(tmp_path, "BANK_KEY") == demo_secret(tmp_path, "BANK_KEY")
    assert demo_secret(tmp_path, "OTHER_KEY") == frame.shared_secret(tmp_path, "OTHER_KEY")


def test_what_a_simulator_keeps_is_written_whole_or_not_at_all(tmp_path):
    store = frame.Store(tmp_path)
    with store.change() as state:
        state["bills"] = ["1"]
    with pytest.raises(RuntimeError), store.change() as state:  # noqa: PT012
        state["bills"].append("2")
        raise RuntimeError("died")
    assert frame.Store(tmp_path).read() == {"bills": ["1"]}
