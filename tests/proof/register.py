"""The operations on one thing, and whether a legal order of them exists."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations
from math import inf
from typing import NamedTuple

from tests.proof.history import GONE, Operation


class Span(NamedTuple):
    """When a thing had a value: at least from the first end to the last start of its operations."""

    first_end: float
    last_start: float

    def is_before(self, other: "Span") -> bool:
        """Return whether an operation of this value ended before one of the other value started."""
        return self.first_end < other.last_start


NEVER = Span(inf, -inf)


class Register:
    """The operations on one thing."""

    def __init__(self):
        self.reads: dict[str, list[Operation]] = defaultdict(list)
        self.writes: dict[str, list[Operation]] = defaultdict(list)
        self.refused: list[Operation] = []

    @property
    def made(self) -> Operation | None:
        """Return the POST that created it."""
        posts = (op for ops in self.writes.values() for op in ops if op.kind == "POST")
        return next(posts, None)

    def writers(self, value: str) -> list[Operation]:
        """Return the possible writers of a value: of several DELETEs the acknowledged one."""
        writes = self.writes.get(value, [])
        return [op for op in writes if op.status] or writes

    def span(self, value: str) -> Span:
        """Return when it had a value: the first one from the start, and GONE until the end."""
        ops = self.reads.get(value, []) + self.writers(value)
        is_first = self.made and value == self.made.text
        first_end = -inf if is_first else min(op.end for op in ops)
        return Span(first_end, inf if value == GONE else max(op.start for op in ops))

    def violations(self) -> Iterator[str]:
        """Return the violations."""
        spans = {value: self.span(value) for value in {**self.writes, **self.reads}}
        # An unanswered write whose text was never read may not have happened.
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
        """Return reads that no write explains, and writes that happened twice."""
        for value, reads in self.reads.items():
            written = min((op.start for op in self.writers(value)), default=inf)
            if min(op.end for op in reads) < written:
                yield f"{value:.20} was read, but not written before"
        for value in self.writes:
            if sum(op.status is not None for op in self.writers(value)) > 1:
                yield f"{value:.20} was written twice"

    def wrong_refusals(self, spans: dict[str, Span]) -> Iterator[str]:
        """Return each 412 that came while its version existed, or after the thing was deleted."""
        texts = self.versions()
        for op in self.refused:
            stood = spans.get(texts.get(op.if_match, ""), NEVER)
            if spans.get(GONE, NEVER).first_end < op.start:
                yield "a 412 came after it was deleted"
            if stood.first_end < op.start and op.end < stood.last_start:
                yield f"a 412 came while {texts[op.if_match]:.20} stood"

    def versions(self) -> dict[str, str]:
        """Return the text of each ETag."""
        return {op.etag: text for text, ops in self.reads.items() for op in ops if op.etag}

    def replaced(self) -> Iterator[tuple[str, str]]:
        """Yield each text that a write named in If-Match, with the text that it wrote."""
        texts = self.versions()
        for value in self.writes:
            for op in self.writers(value):
                # It is unknown which of several unanswered DELETEs happened.
                if op.if_match in texts and (op.status or value != GONE):
                    yield texts[op.if_match], value


def wrong_order(spans: dict[str, Span], follows: dict[str, str]) -> Iterator[str]:
    """Return values that must have existed both before and after other values.

    `follows` maps values to their direct successors. These form one block without values in
    between.
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
