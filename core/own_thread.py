"""Runs a call in a thread of its own and waits for it.

For libraries whose plain functions start an event loop (pyHanko's do): they fail in a thread where a loop runs already,
as one does under an ASGI server, in an asynchronous view, or beside a browser that a test drives.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")


def in_own_thread(call: Callable[[], Result]) -> Result:
    """What `call` returns or raises. It must not use the database: connections belong to threads."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(call).result()
