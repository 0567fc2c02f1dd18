"""What a process remembers, and for how long (core/cache.py)."""

from __future__ import annotations

import pytest

from core.cache import LOCAL, LOCAL_COUNTS, SHARED, Remembered

CACHES = [LOCAL, LOCAL_COUNTS, SHARED]


class Source:
    """Counts how often it is read."""

    def __init__(self) -> None:
        self.reads = 0

    def read(self) -> list[int]:
        self.reads += 1
        return [self.reads]


def test_what_is_remembered_is_one_object_until_it_is_forgotten():
    source = Source()
    remembered = Remembered(source.read, lambda: 3600)
    first = remembered()
    assert remembered() is first
    remembered.forget()
    assert (remembered(), source.reads) == ([2], 2)


def test_what_is_remembered_for_no_time_is_read_each_time():
    source = Source()
    remembered = Remembered(source.read, lambda: -1)
    assert [remembered(), remembered(), remembered()] == [[1], [2], [3]]


def test_what_could_not_be_read_is_not_remembered():
    source, fails = Source(), iter([True, False])

    def read() -> list[int]:
        if next(fails):
            raise OSError("away")
        return source.read()

    remembered = Remembered(read, lambda: 3600)
    with pytest.raises(OSError, match="away"):
        remembered()
    assert remembered() == remembered() == [1]


@pytest.mark.django_db
@pytest.mark.parametrize("cache", CACHES)
def test_a_value_is_made_once_and_none_is_no_value(cache):
    source = Source()
    assert cache.get_or_make("key", source.read, 60) == cache.get_or_make("key", source.read, 60) == [1]
    cache.forget("key")
    assert cache.get_or_make("key", source.read, 60) == [2]
    assert cache.get("another", "nothing") == "nothing"
    made: list[None] = []
    for _ in range(2):
        cache.get_or_make("none", lambda: made.append(None), 60)
    assert len(made) == 2
    cache.forget_all()
    assert cache.get("key", None) is None


@pytest.mark.django_db
@pytest.mark.parametrize("cache", CACHES)
def test_counts_go_up_by_one_and_apart(cache):
    assert [cache.count("one", 60) for _ in range(3)] == [1, 2, 3]
    assert cache.count("other", 60) == 1
    assert cache.counts(["one", "other", "none"]) == {"one": 3, "other": 1}
