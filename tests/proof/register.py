"""What was done with one thing, and whether there is an order in which it can have been done."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations
from math import inf
from typing import NamedTuple

from tests.proof.history import GONE, Operation


class Span(NamedTuple):
    """When a thing had a value: surely from the first end to the last start of what shows it."""

    first_end: float
    last_start: float

    def is_before(self, other: "Span") -> bool:
        """Tell whether some of what shows this one ended before some of the other began."""
        return self.first_end < other.last_start


NEVER = Span(inf, -inf)


class Register:
    """What was done with one thing."""

    def __init__(self):
        """Begin with nothing."""
        self.reads: dict[str, list[Operation]] = defaultdict(list)
        self.writes: dict[str, list[Operation]] = defaultdict(list)
        self.refused: list[Operation] = []

    @property
    def made(self) -> Operation | None:
        """Return the POST that made it."""
        posts = (op for ops in self.writes.values() for op in ops if op.kind == "POST")
        return next(posts, None)

    def writers(self, value: str) -> list[Operation]:
        """Return what may have written a value: of several DELETEs that with an answer."""
        writes = self.writes.get(value, [])
        return [op for op in writes if op.status] or writes

    def span(self, value: str) -> Span:
        """Return when it had a value: the first from the beginning, and none to the end."""
        ops = self.reads.get(value, []) + self.writers(value)
        is_first = self.made and value == self.made.text
        first_end = -inf if is_first else min(op.end for op in ops)
        return Span(first_end, inf if value == GONE else max(op.start for op in ops))

    def violations(self) -> Iterator[str]:
        """Tell what is wrong with it."""
        spans = {value: self.span(value) for value in {**self.writes, **self.reads}}
        # A write without an answer whose text nobody has seen may as well not have been done.
        spans = {value: span for value, span in spans.items() if span.first_end < inf}
        if spans and not self.made:
            yield "nobody made it"
        yield from self.wrong_reads()
        yield from self.wrong_refusals(spans)
        follows: dict[str, str] = {}
        for base, value in self.replaced():
            if value in spans and follows.setdefault(base, value) != value:
                yield f"{value:.20} and {follows[base]:.20} were both written over {base:.20}"
        yield from wrong_order(spans, follows)

    def wrong_reads(self) -> Iterator[str]:
        """Tell which reads can have seen no write, and which writes were done twice."""
        for value, reads in self.reads.items():
            written = min((op.start for op in self.writers(value)), default=inf)
            if min(op.end for op in reads) < written:
                yield f"{value:.20} was read, but not written before"
        for value in self.writes:
            if sum(op.status is not None for op in self.writers(value)) > 1:
                yield f"{value:.20} was written twice"

    def wrong_refusals(self, spans: dict[str, Span]) -> Iterator[str]:
        """Tell which 412 came while its version stood, or when there was no thing any more."""
        texts = self.versions()
        for op in self.refused:
            stood = spans.get(texts.get(op.if_match, ""), NEVER)
            if spans.get(GONE, NEVER).first_end < op.start:
                yield "a 412 came after it was deleted"
            if stood.first_end < op.start and op.end < stood.last_start:
                yield f"a 412 came while {texts[op.if_match]:.20} stood"

    def versions(self) -> dict[str, str]:
        """Return which text each ETag stands for."""
        return {op.etag: text for text, ops in self.reads.items() for op in ops if op.etag}

    def replaced(self) -> Iterator[tuple[str, str]]:
        """Yield every text that a write named in If-Match, with what it wrote."""
        texts = self.versions()
        for value in self.writes:
            for op in self.writers(value):
                # Of DELETEs without an answer nobody knows which was done.
                if op.if_match in texts and (op.status or value != GONE):
                    yield texts[op.if_match], value


def wrong_order(spans: dict[str, Span], follows: dict[str, str]) -> Iterator[str]:
    """Tell which values must have been there both before and after others.

    `follows` has those that came just after others. They are one block: nothing came in between.
    """
    blocks = []
    for value in spans.keys() - follows.values():
        chain = [value]
        while chain[-1] in follows:
            chain.append(follows[chain[-1]])
        for one, other in combinations(chain, 2):
            if spans[other].is_before(spans[one]):
                yield f"{one:.20} was there after {other:.20}, which was written over it"
        ends, starts = zip(*(spans[value] for value in chain), strict=True)
        blocks.append((value, Span(min(ends), max(starts))))
    for (one, its), (other, others) in combinations(blocks, 2):
        if its.is_before(others) and others.is_before(its):
            yield f"{one:.20} was there both before and after {other:.20}"
