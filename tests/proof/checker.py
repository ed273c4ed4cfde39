"""What clients did and saw, and whether a storage that loses nothing can have shown them that.

Every write has a text that no other has, so each thing is a register of which every read names the
write that it saw. `violations` checks:

- each thing by itself is linearizable: there is an order of its operations that keeps each between
  its start and its end, where it is made first and deleted last, every read finds what was written
  just before, and a write with If-Match comes just after the version that it names. So no read, the
  last one of all included, is older than what was acknowledged before it began, nothing deleted is
  read again, and of writes with one ETag one succeeds;
- a 412 came neither while its version stood all the time nor when the thing was deleted before;
- an operation that was answered with an error has done nothing; one without an answer was done at
  any moment after its start, or never;
- a list is a read of every thing in its range: one that is not on it is deleted;
- ids, ETags and Idempotency-Keys stand for one thing, one version and one POST.

It does not check that what a list shows of several things is of one moment, nor that there was
another version at a 412, nor which version a DELETE with If-Match found that was not answered.

For a register whose written texts differ, a conflict between two of them is the only way not to be
linearizable (Gibbons and Korach, Testing Shared Memories, SIAM J. Comput. 26(4), 1997).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from tests.proof.history import GONE, Operation
from tests.proof.register import Register

STATUSES = {
    "GET": (200, 404, 503),
    "LIST": (200, 503),
    "POST": (201, 503),
    "PUT": (200, 404, 412, 503),
    "PATCH": (200, 404, 412, 503),
    "DELETE": (204, 404, 412, 503),
}

WRITTEN = (200, 201, 204)


def violations(history: Iterable[Operation]) -> list[str]:
    """Return what is wrong with a history, a line each; nothing is wrong with a legal one."""
    history = [*history]
    wrong = [*_wrong_answers(history), *_ambiguities(history)]
    for thing, register in _registers([*_merged(history)]).items():
        wrong += [f"thing {thing}: {what}" for what in register.violations()]
    return wrong


def _wrong_answers(history: list[Operation]) -> Iterator[str]:
    for op in history:
        if op.status is not None and op.status not in STATUSES[op.kind]:
            yield f"{op.kind} was answered {op.status}"
        for thing, text in op.read.items():
            if op.thing not in (None, thing) or op.text not in (GONE, text):
                yield f"{op.kind} of {op.thing}, {op.text:.20}, was answered {thing}, {text:.20}"


def _ambiguities(history: list[Operation]) -> Iterator[str]:
    """Tell what stands for several where it may stand for one."""
    meanings: dict[str, set[Any]] = defaultdict(set)
    for op in history:
        for thing, text in op.read.items():
            meanings[f"text {text}"].add(thing)
            if op.kind == "POST":
                meanings[f"id {thing}"].add(text)
            if op.key:
                meanings[f"key {op.key}"].add(thing)
            if op.etag:
                meanings[f"ETag {op.etag}"].add((thing, text))
                meanings[f"version {thing}, {text}"].add(op.etag)
    for name, meant in meanings.items():
        if len(meant) > 1:
            yield f"{name:.40} stands for {len(meant)}: {meant!s:.80}"


def _merged(history: list[Operation]) -> Iterator[Operation]:
    """Make one operation of the POSTs with one key: any of them may be the one that did it."""
    attempts = defaultdict(list)
    for op in history:
        if op.key:
            attempts[op.key].append(op)
        else:
            yield op
    for same in attempts.values():
        best = min(same, key=lambda op: (op.status != 201, op.status is not None, op.end))
        yield best._replace(start=min(op.start for op in same))


def _registers(history: list[Operation]) -> dict[int, Register]:
    registers: dict[Any, Register] = defaultdict(Register)
    ids = {text: thing for op in history for thing, text in op.read.items()}
    for op in history:
        if op.kind not in ("GET", "LIST") and op.status in (None, *WRITTEN):
            # A POST without an answer made the thing that was read with its text, if there is one.
            registers[op.thing or ids.get(op.text)].writes[op.text].append(op)
        for thing, text in op.read.items():
            registers[thing].reads[text].append(op)
        if op.status == 404:
            registers[op.thing].reads[GONE].append(op)
        if op.status == 412:
            registers[op.thing].refused.append(op)
    registers.pop(None, None)
    for op in history:
        if op.kind == "LIST" and op.status == 200:
            for thing, register in registers.items():
                if (
                    op.low <= thing not in op.read
                    and register.made
                    and register.made.end < op.start
                ):
                    register.reads[GONE].append(op)
    return registers
