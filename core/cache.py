"""What is remembered between requests: the one place that asks Django's caches.

`Remembered` keeps an object as it is in this process; a `Cache` keeps values by key, in this process or for all.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any, Generic, TypeVar, cast

from django.core.cache import caches

Value = TypeVar("Value")


# What this thread has read for itself alone, while it is `apart`.
_own: ContextVar[dict[Remembered[Any], Any] | None] = ContextVar("own", default=None)


@contextmanager
def apart() -> Iterator[None]:
    """What is read meanwhile is remembered for this thread alone: it may come of a transaction that is never
    committed, of which no other request may hear.
    """
    token = _own.set({})
    try:
        yield
    finally:
        _own.reset(token)


class Remembered(Generic[Value]):
    """What each process reads anew after so many seconds; until then everybody is given the same object."""

    def __init__(self, read: Callable[[], Value], seconds: Callable[[], float]) -> None:
        self._read, self._seconds = read, seconds
        self._value: tuple[float, Value] | None = None

    def __call__(self) -> Value:
        if (own := _own.get()) is not None:
            if self not in own:
                own[self] = self._read()
            return cast(Value, own[self])
        value, now = self._value, time.monotonic()
        if value is None or now - value[0] > self._seconds():
            self._value = value = (now, self._read())
        return value[1]

    def forget(self) -> None:
        """Have the next call read."""
        self._value = None
        (_own.get() or {}).pop(self, None)


class Cache:
    """Values by key for some seconds; None is none. Any of them may be thrown out before its time."""

    def __init__(self, alias: str) -> None:
        self._alias = alias

    def get(self, key: str, default: Value) -> Value:
        return cast(Value, caches[self._alias].get(key, default))

    def get_all(self, keys: Collection[str]) -> dict[str, Any]:
        """What is kept under these keys, asked for once."""
        return cast("dict[str, Any]", caches[self._alias].get_many(keys))

    def put(self, key: str, value: Any, seconds: float) -> None:
        caches[self._alias].set(key, value, seconds)

    def get_or_make(self, key: str, make: Callable[[], Value], seconds: float) -> Value:
        """What is kept under this key; made, and kept, when nothing is."""
        value = cast("Value | None", self.get(key, None))
        if value is None:
            value = make()
            self.put(key, value, seconds)
        return value

    def count(self, key: str, seconds: float) -> int:
        """Count one more; returns how many there are since the first, so many seconds ago at most."""
        for _again in range(3):  # a count may end, or be thrown out, between two looks
            caches[self._alias].add(key, 0, seconds)
            with suppress(ValueError):
                return int(caches[self._alias].incr(key))
        return 1

    def counts(self, keys: Collection[str]) -> dict[str, int]:
        """Those of these counts that there are."""
        return self.get_all(keys)

    def forget(self, key: str) -> None:
        caches[self._alias].delete(key)

    def forget_all(self) -> None:
        caches[self._alias].clear()


# Of each process: what was made for a page. What another process changed is seen when its seconds are over.
LOCAL = Cache("local")
# Of each process: counts that nobody can push out by filling up the other one.
LOCAL_COUNTS = Cache("tries")
# Of all processes, in the database.
SHARED = Cache("default")
