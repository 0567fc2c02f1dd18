"""The simulator of the national sign-on, served once for the tests of this folder that ask it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from .sign_on_simulator import Simulator, running


@pytest.fixture(scope="session")
def _serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    with running(tmp_path_factory.mktemp("simulators")) as simulator:
        yield simulator


@pytest.fixture
def simulator(_serving: Simulator, settings: Any) -> Simulator:
    _serving.begin_anew()
    _serving.connect(settings)
    return _serving
