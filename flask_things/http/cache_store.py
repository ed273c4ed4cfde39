"""The responses in the cache, and the rows that each depends on."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, NamedTuple

#: The maximum size of the responses in a worker, in bytes.
CACHE_MAX_BYTES = 4 * 1024 * 1024

#: The maximum length of a key, in characters. gunicorn limits a URL to 4 094. Requests with much
#: longer header fields are not repeated.
LONGEST_KEY = 8192

#: The approximate overhead of a response, besides its key, header and body, in bytes.
ENTRY_BYTES = 1024

#: How many requests are remembered whose responses are not kept.
ASKED_MAX = 2048

#: The parts of a request that its response may depend on.
Key = tuple[str | None, ...]

#: A table, and the id of a row, or None for all rows.
Source = tuple[str, int | None]


class Answer(NamedTuple):
    """A response, with its expiry time (seconds since the epoch) and its source."""

    status: str
    fields: list[tuple[str, str]]
    body: bytes
    good_until: float
    noted: dict[str, Any]
    source: Source | None  # None: the whole database


class Store:
    """Responses by key. The oldest are dropped if they take too much memory."""

    def __init__(self) -> None:
        self._answers: dict[Key, Answer] = {}
        self._keys: defaultdict[Source | None, set[Key]] = defaultdict(set)
        self._bytes = 0
        self._asked: set[int] = set()
        self.get = self._answers.get

    def admits(self, key: Key) -> bool:
        """Return whether to keep the response to a request: there is room, or it is repeated.

        Keeping a response takes longer than reading a row, and most random reads come once.
        """
        one = hash(key)
        if self._bytes < CACHE_MAX_BYTES // 2 or one in self._asked:
            return True
        if len(self._asked) == ASKED_MAX:
            self._asked.clear()
        self._asked.add(one)
        return False

    def keep(self, key: Key, answer: Answer) -> None:
        """Keep a response, unless it or its key is too large."""
        size = _size(key, answer)
        if size > CACHE_MAX_BYTES or _characters(key) > LONGEST_KEY:
            return
        self._remove(key)
        while self._bytes + size > CACHE_MAX_BYTES:
            self._remove(next(iter(self._answers)))
        self._answers[key] = answer
        self._keys[answer.source].add(key)
        self._bytes += size

    def drop(self, rows: Iterable[tuple[str, int]] | None) -> None:
        """Drop the responses that depend on these rows, or all if the rows are unknown."""
        if rows is None:
            sources = [*self._keys]
        else:
            sources = [None, *rows, *((table, None) for table, _ in rows)]
        for source in sources:
            for key in [*self._keys.get(source, ())]:
                self._remove(key)

    def _remove(self, key: Key) -> None:
        answer = self._answers.pop(key, None)
        if answer is None:
            return
        self._bytes -= _size(key, answer)
        keys = self._keys[answer.source]
        keys.discard(key)
        if not keys:
            del self._keys[answer.source]


def _size(key: Key, answer: Answer) -> int:
    """Return the approximate size of a response and its key, in bytes."""
    header = sum(len(name) + len(value) for name, value in answer.fields)
    return ENTRY_BYTES + _characters(key) + header + len(answer.body)


def _characters(key: Key) -> int:
    return sum(len(part) for part in key if part)
