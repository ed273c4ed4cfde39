"""What the response cache keeps: the newest answers, and what each of them was read from."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, NamedTuple

#: What a worker keeps of answers at most, in bytes.
CACHE_MAX_BYTES = 4 * 1024 * 1024

#: The longest key of an answer that is kept, in characters. A URL has up to 4 094, by gunicorn's
#: limit; nobody repeats a request with header fields that are much longer.
LONGEST_KEY = 8192

#: What an answer takes besides the texts of its key, its header and its body, in bytes, about.
ENTRY_BYTES = 1024

#: What an answer is found by: the parts of a request that it may depend on.
Key = tuple[str | None, ...]

#: A table, and a row's id or None for any of its rows.
Source = tuple[str, int | None]


class Answer(NamedTuple):
    """A response, until when it may be given again (seconds since the epoch), and its source."""

    status: str
    fields: list[tuple[str, str]]
    body: bytes
    good_until: float
    noted: dict[str, Any]
    source: Source | None  # None: anything in the database


class Store:
    """Answers by their keys. The oldest go when they take too much memory."""

    def __init__(self) -> None:
        self._answers: dict[Key, Answer] = {}
        self._keys: defaultdict[Source | None, set[Key]] = defaultdict(set)
        self._bytes = 0
        self.get = self._answers.get

    def keep(self, key: Key, answer: Answer) -> None:
        """Keep an answer, unless it or its key is too large."""
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
        """Remove the answers that some rows have changed, or all if it is not known which."""
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
    """Return how many bytes an answer takes with its key, about."""
    header = sum(len(name) + len(value) for name, value in answer.fields)
    return ENTRY_BYTES + _characters(key) + header + len(answer.body)


def _characters(key: Key) -> int:
    return sum(len(part) for part in key if part)
