"""Strict JSON decoding with bounded memory.

A decoded value takes up to 50 times the memory of its JSON text. So values are counted before any
is created, and a large array is decoded in parts: the whole text as characters can take four times
its bytes.
"""

import json
import re
from codecs import getincrementaldecoder, iterdecode
from collections.abc import Iterator
from contextlib import closing
from typing import Any, NoReturn

from marshmallow import ValidationError
from werkzeug.exceptions import BadRequest

from flask_things.db.sqlite.file import sqlite3
from flask_things.http.error_codes import Code, Message
from flask_things.turns import in_thread, let_others_run

#: The most values in a body: arrays, objects and their items. A bulk of things has 5 000, a bulk of
#: a resource with 30 fields 31 000. Each value, and each error, may take 100 bytes.
BODY_MAX_VALUES = 32_000

#: How many bytes are scanned or decoded at once.
PART_BYTES = 512 * 1024

#: The start of an array, and the white space between values.
ARRAY = re.compile(rb"[ \t\n\r]*\[")
SPACE = re.compile(r"[ \t\n\r]*")

#: The bytes that precede a value, and all bytes except these and the quote.
MARKS = (b",", b"[", b"{")
OTHERS = bytes(set(range(256)) - set(b'",[{'))

Body = bytes | bytearray


def decode(body: Body) -> Any:
    """Return the value of a JSON text.

    Raises BadRequest (400) if it is not JSON, and ValidationError (422) if it has too many values.
    """
    if _has_too_many_values(body):
        _check(body)
        text = f"Has more than {BODY_MAX_VALUES} values."
        raise ValidationError(Message(text, Code.TOO_MANY, BODY_MAX_VALUES))
    in_parts = len(body) > PART_BYTES and ARRAY.match(body)
    try:
        return [*Parts(body).items()] if in_parts else DECODER.decode(body.decode())
    except UnicodeDecodeError as error:
        raise BadRequest("The body is not UTF-8.") from error
    except json.JSONDecodeError as error:
        raise BadRequest(f"The body is not JSON: {error.msg if in_parts else error}.") from error
    except RecursionError as error:
        raise BadRequest("The body is nested too deeply.") from error
    except ValueError as error:  # NaN and infinities, or too many digits for an int
        text = "The body contains NaN, an infinity or a number with too many digits."
        raise BadRequest(text) from error


def refuse_constant(name: str) -> NoReturn:
    """Raise ValueError for NaN and infinities, which Python would accept."""
    raise ValueError(f"{name} is not a number.")


DECODER = json.JSONDecoder(parse_constant=refuse_constant)


def _has_too_many_values(body: Body) -> bool:
    """Count the bytes that precede values, outside of strings."""
    if sum(part.count(mark) for part in _parts(body) for mark in MARKS) <= BODY_MAX_VALUES:
        return False
    values = quotes = 0
    for part in _parts(body):
        unescaped = part.replace(b"\\\\", b"").replace(b'\\"', b"")
        pieces = unescaped.translate(None, OTHERS).split(b'"')
        values += sum(map(len, pieces[quotes % 2 :: 2]))
        quotes += len(pieces) - 1
        # Two quotes make a string, and a member has at most two strings.
        if values > BODY_MAX_VALUES or quotes > 4 * BODY_MAX_VALUES:
            return True
    return False


def _parts(body: Body) -> Iterator[bytes]:
    """Yield a body in parts that split no escape. Other requests run in between."""
    at = 0
    while at < len(body):
        end = at + PART_BYTES
        while body[end - 1 : end] == b"\\":
            end += 1
        yield bytes(body[at:end])
        at = end
        if at < len(body):
            let_others_run()


def _check(body: Body) -> None:
    """Raise BadRequest (400) unless the body is JSON."""
    try:
        for _ in iterdecode(_parts(body), "utf-8"):
            pass
    except UnicodeDecodeError as error:
        raise BadRequest("The body is not UTF-8.") from error
    if not in_thread(_is_json, body):
        raise BadRequest("The body is not JSON, or is nested too deeply.")


def _is_json(body: Body) -> bool:
    """Return whether UTF-8 is JSON. SQLite checks it without building the values."""
    with closing(sqlite3.connect(":memory:")) as connection:
        [(is_json,)] = connection.execute("SELECT json_valid(CAST(? AS TEXT))", [body])
    return bool(is_json)


class Parts:
    """The text of an array, decoded to characters one part at a time."""

    def __init__(self, body: Body) -> None:
        self._body = body
        self._decode = getincrementaldecoder("utf-8")().decode
        self._read = 0  # bytes
        self._text, self._at = "", 0

    def items(self) -> Iterator[Any]:
        """Yield the items. Errors are those of json.loads, with positions relative to a part."""
        self._expect("[")
        is_first = True
        while not (is_first and self._peek() == "]"):
            yield self._item()
            if self._peek() != ",":
                break
            self._at += 1
            is_first = False
        self._expect("]")
        if self._peek():
            raise json.JSONDecodeError("Extra data", self._text, self._at)

    def _item(self) -> Any:
        self._peek()
        while True:
            try:
                value, end = DECODER.raw_decode(self._text, self._at)
            except json.JSONDecodeError:
                if self._grow():
                    continue
                raise
            end = _after_space(self._text, end)
            # Otherwise a number may continue in the next part.
            if self._text[end : end + 1] in {",", "]"} or not self._grow():
                self._at = end
                return value

    def _expect(self, mark: str) -> None:
        if self._peek() != mark:
            raise json.JSONDecodeError(f"Expecting '{mark}'", self._text, self._at)
        self._at += 1

    def _peek(self) -> str:
        """Skip white space and return the next character, or "" at the end."""
        while True:
            self._at = _after_space(self._text, self._at)
            if self._at < len(self._text) or not self._grow():
                return self._text[self._at : self._at + 1]

    def _grow(self) -> bool:
        """Decode another part, at least as long as the current item. Return False at the end."""
        size = max(PART_BYTES, len(self._text) - self._at)
        part = self._body[self._read : self._read + size]
        if not part:
            return False
        self._read += len(part)
        self._text = self._text[self._at :] + self._decode(part, self._read == len(self._body))
        self._at = 0
        let_others_run()
        return True


def _after_space(text: str, at: int) -> int:
    return SPACE.match(text, at).end()  # type: ignore[union-attr]
