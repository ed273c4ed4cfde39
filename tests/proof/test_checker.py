"""The checker of histories: it rejects illegal histories only."""

import pytest

from tests.proof.checker import violations
from tests.proof.history import GONE, Operation


def post(start, end, text, thing=1, key=None):
    read = {thing: text}
    return Operation("POST", start, end, 201, text=text, key=key, read=read, etag=f"etag {text}")


def get(start, end, text, etag=None):
    if text == GONE:
        return Operation("GET", start, end, 404, 1)
    return Operation("GET", start, end, 200, 1, read={1: text}, etag=etag or f"etag {text}")


def put(start, end, text, over=None, status=200):
    done = Operation("PUT", start, end, status, 1, text, over and f"etag {over}")
    return done._replace(read={1: text}, etag=f"etag {text}") if status == 200 else done


def delete(start, end, status=204):
    return Operation("DELETE", start, end, status, 1)


def listed(start, end, read, low=1):
    return Operation("LIST", start, end, 200, read=read, low=low)


def unanswered(kind, start, text=GONE, over=None, key=None):
    thing = None if kind == "POST" else 1
    return Operation(kind, start, thing=thing, text=text, if_match=over and f"etag {over}", key=key)


A = post(0, 1, "a")

ILLEGAL = {
    "a read older than an acknowledged write": (
        [A, put(2, 3, "b"), get(4, 5, "a")],
        "both before and after",
    ),
    "a read older than what another read before it": (
        [A, put(2, 9, "b"), get(3, 4, "b"), get(5, 6, "a")],
        "both before and after",
    ),
    "a write without an answer that was seen and is gone again": (
        [A, unanswered("PUT", 2, "b"), get(3, 4, "b"), get(5, 6, "a")],
        "both before and after",
    ),
    "a last state that is not the last acknowledged write": (
        [A, put(2, 3, "b"), put(4, 5, "c"), listed(8, 9, {1: "b"})],
        "both before and after",
    ),
    "an acknowledged thing that is lost": ([A, get(2, 3, GONE)], "not written before"),
    "an acknowledged thing that is not listed": ([A, listed(2, 3, {})], "not written before"),
    "a read of what is deleted": ([A, delete(2, 3), get(4, 5, "a")], "both before and after"),
    "a list of what is deleted": ([A, delete(2, 3), listed(4, 5, {1: "a"})], "both before"),
    "a write of what is deleted": ([A, delete(2, 3), put(4, 5, "b")], "both before and after"),
    "a read of what was read as deleted": (
        [A, unanswered("DELETE", 2), get(3, 4, GONE), get(5, 6, "a")],
        "both before and after",
    ),
    "a delete that is done twice": ([A, delete(2, 3), delete(4, 5)], "written twice"),
    "a read of what nobody wrote": ([A, get(2, 3, "b")], "not written before"),
    "a read of what is written later": ([A, get(2, 3, "b"), put(4, 5, "b")], "not written before"),
    "a write that was refused and done": ([A, put(2, 3, "b", status=503), get(4, 5, "b")], "not w"),
    "a delete that was refused and done": ([A, delete(2, 3, 503), get(4, 5, GONE)], "not written"),
    "two writes over one version": (
        [A, put(2, 9, "b", over="a"), put(2, 9, "c", over="a")],
        "both written over",
    ),
    "two writes over one version, one without an answer": (
        [A, put(2, 9, "b", over="a"), unanswered("PUT", 2, "c", over="a"), get(3, 9, "c")],
        "both written over",
    ),
    "a write over a version that another write had replaced": (
        [A, put(2, 3, "b"), put(2.5, 4, "c", over="a"), get(5, 6, "c")],
        "both before and after",
    ),
    "a version that was read after what was written over it": (
        [A, put(2, 9, "b", over="a"), get(3, 4, "b"), get(5, 6, "a")],
        "after",
    ),
    "a 412 while its version stood": (
        [A, put(2, 3, "b", over="a", status=412), get(4, 5, "a")],
        "a 412 came while",
    ),
    "a 412 of what is deleted": (
        [A, delete(2, 3), put(4, 5, "b", over="a", status=412)],
        "a 412 came after",
    ),
    "an id that is given twice": ([A, post(2, 3, "b")], "id 1 stands for 2"),
    "a thing for each attempt with one key": (
        [post(0, 1, "a", key="k"), post(2, 3, "a", thing=2, key="k")],
        "key k stands for 2",
    ),
    "a thing for an attempt without an answer, and another for the next": (
        [unanswered("POST", 0, "a", key="k"), post(2, 3, "a", 2, "k"), listed(4, 5, {1: "a"})],
        "text a stands for 2",
    ),
    "an ETag of two versions": (
        [A, put(2, 3, "b"), get(4, 5, "b", etag="etag a")],
        "ETag etag a stands for 2",
    ),
    "a version with two ETags": ([A, get(2, 3, "a", etag="x")], "version 1, a stands for 2"),
    "an answer with another text": (
        [A, put(2, 3, "b")._replace(read={1: "a"})],
        "PUT of 1, b, was answered 1, a",
    ),
    "an answer about another thing": (
        [A, post(0, 1, "b", 2), get(2, 3, "b")._replace(read={2: "b"})],
        "GET of 1, (deleted), was answered 2, b",
    ),
    "a failure": ([A, get(2, 3, "a")._replace(status=500)], "GET was answered 500"),
    "a thing that nobody made": ([put(2, 3, "b")], "nobody made it"),
}

LEGAL = {
    "nothing": [],
    "a life": [A, get(2, 3, "a"), put(4, 5, "b"), get(6, 7, "b"), delete(8, 9), get(10, 11, GONE)],
    "either of two while one is written": [A, put(2, 9, "b"), get(3, 6, "b"), get(4, 7, "a")],
    "a write without an answer, done late": [
        *(A, unanswered("PUT", 2, "b"), put(3, 4, "c"), get(5, 6, "c"), get(7, 8, "b"))
    ],
    "a write without an answer, never done": [A, unanswered("PUT", 2, "b"), get(3, 4, "a")],
    "a delete without an answer, done late": [
        *(A, unanswered("DELETE", 2), get(3, 4, "a"), get(5, 6, GONE))
    ],
    "a delete without an answer, done by the next": [
        *(A, unanswered("DELETE", 2), delete(3, 4), unanswered("DELETE", 5), get(6, 7, GONE))
    ],
    "a post without an answer, read": [unanswered("POST", 0, "a"), listed(2, 3, {1: "a"})],
    "a post without an answer, not done": [unanswered("POST", 0, "a"), listed(2, 3, {})],
    "a list without what is just being made": [A, listed(0.5, 2, {})],
    "a list that does not go so far down": [A, post(0, 1, "b", 2), listed(2, 3, {2: "b"}, low=2)],
    "a post that was done at its first attempt, and listed before the second": [
        *(unanswered("POST", 0, "a", key="k"), listed(1, 2, {1: "a"}), post(3, 4, "a", key="k"))
    ],
    "the old answer to one more attempt": [
        *(post(0, 1, "a", key="k"), put(2, 3, "b"), post(4, 5, "a", key="k"), get(6, 7, "b"))
    ],
    "writes over each other's version": [
        *(A, put(2, 3, "b", over="a"), put(2, 5, "c", over="b"), get(6, 7, "c"))
    ],
    "a 412 while another writes": [
        *(A, put(2, 3, "b", over="a", status=412), put(2, 9, "c"), get(10, 11, "c"))
    ],
    "a write that was refused": [A, put(2, 3, "b", status=503), get(4, 5, "a")],
}


@pytest.mark.parametrize(("history", "violation"), ILLEGAL.values(), ids=ILLEGAL.keys())
def test_illegal_histories_are_rejected(history, violation):
    assert violation in "\n".join(violations(history))


@pytest.mark.parametrize("history", LEGAL.values(), ids=LEGAL.keys())
def test_legal_histories_are_accepted(history):
    assert violations(history) == []


@pytest.mark.parametrize("history", LEGAL.values(), ids=LEGAL.keys())
def test_the_order_of_the_records_does_not_matter(history):
    assert violations(reversed(history)) == []
