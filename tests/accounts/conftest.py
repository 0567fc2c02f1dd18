"""The simulator of the national sign-on, served once for the tests of this folder that ask it; papers of delegates."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from accounts.models import Delegation
from municipality.models import Office

from ..cast import Cast
from .delegating import record
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


@pytest.fixture
def centre() -> Office:
    return Office.objects.get(code="SC01")


@pytest.fixture
def delegated(cast: Cast, centre: Office) -> Callable[..., Delegation]:
    """Record a paper by which the other citizen acts for the citizen."""
    return partial(record, cast, centre)
