"""The response cache has a maximum size, and keeps what is repeated."""

import gc
import tracemalloc

import pytest

from flask_things.http import cache_store
from flask_things.http.cache_store import ASKED_MAX, CACHE_MAX_BYTES
from tests.http.test_cache import Counting


@pytest.mark.slow
@pytest.mark.parametrize("longest", ["body", "If-None-Match", "Link"])
def test_the_cache_keeps_to_its_memory_limit(monkeypatch, longest):
    """Wherever the bytes are: in the body, in the request or in the header."""
    monkeypatch.setattr(cache_store, "CACHE_MAX_BYTES", CACHE_MAX_BYTES // 8)
    monkeypatch.setattr(cache_store, "ASKED_MAX", ASKED_MAX // 8)
    fields = [(name, f"{name} value") for name in ("Content-Type", "Content-Length", "ETag")]
    counting = Counting(fields=fields)
    counting.client.get("/")
    gc.collect()
    tracemalloc.start()
    for number in range(3000):
        if longest == "body":
            counting.body = bytes(number)
        if longest == "Link":
            counting.fields = [*fields, ("Link", "x" * number)]
        sent = {"If-None-Match": "x" * number} if longest == "If-None-Match" else {}
        for _ in range(2):
            counting.client.get(f"/{number}", headers=sent)
    gc.collect()
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert CACHE_MAX_BYTES // 8 * 0.5 < taken < CACHE_MAX_BYTES // 8 * 1.2


@pytest.mark.parametrize(("characters", "asked"), [(7000, 1), (8193, 2)])
def test_an_answer_to_a_very_long_request_is_not_kept(characters, asked):
    counting = Counting()
    for _ in range(2):
        counting.client.get("/", headers={"If-None-Match": "x" * characters})
    assert counting.asked == asked


def test_an_answer_too_large_to_be_kept_is_given():
    counting = Counting(body=bytes(CACHE_MAX_BYTES))
    for _ in range(2):
        assert len(counting.client.get("/").data) == CACHE_MAX_BYTES
    assert counting.asked == 2


@pytest.fixture
def half_full():
    """Return an application whose cache is half full."""
    counting = Counting(body=bytes(CACHE_MAX_BYTES // 2))
    counting.client.get("/")
    counting.asked, counting.body = 0, b"small"
    return counting


def test_a_cache_that_is_half_full_keeps_a_response_that_is_repeated(half_full):
    """Random reads come once, and keeping their responses would take longer than a query."""
    for _ in range(3):
        half_full.client.get("/repeated")
    assert half_full.asked == 2


def test_a_request_is_forgotten_after_many_others(half_full):
    for path in ["/first", *(f"/{number}" for number in range(ASKED_MAX)), *["/first"] * 2]:
        half_full.client.get(path)
    assert half_full.asked == 1 + ASKED_MAX + 2
