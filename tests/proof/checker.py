"""Checks a history of client operations against a storage that loses nothing.

Every written text is unique, so each thing is a register whose reads identify the write that they
saw. `violations` checks:

- Each thing is linearizable: an order of its operations exists that keeps each between its start
  and its end. In it the thing is created first and deleted last, every read returns the previous
  write, and a write with If-Match directly follows the version that it names. So no read, including
  the last one, is older than a write that was acknowledged before it started, nothing deleted is
  read again, and of several writes with one ETag only one succeeds.

- A 412 never comes while its version exists all the time, nor after the thing was deleted.

- An operation with an error response has done nothing. One without a response happened at any
  moment after its start, or never.

- A list reads every thing in its range: a missing one is deleted.

- An id, an ETag and an Idempotency-Key identify one thing, one version and one POST.

It does not check that a list is a snapshot of several things, that another version existed at a
412, nor which version an unanswered DELETE with If-Match found.

A register with unique texts is linearizable if and only if no two of them conflict (Gibbons and
Korach, Testing Shared Memories, SIAM J. Comput. 26(4), 1997).
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
    """Return the violations in a history, one line each. A legal history has none."""
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
    """Return identifiers that stand for several things, versions or requests."""
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
    """Merge POSTs with the same key into one operation: any of them may have run."""
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
            # An unanswered POST created the thing that was later read with its text, if there is
            # one.
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
