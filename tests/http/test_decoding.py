"""JSON bodies are decoded as by the standard library, but in bounded memory."""

import json
import random
import re

import pytest
from marshmallow import ValidationError
from werkzeug.exceptions import BadRequest

from flask_things.http import decoding
from flask_things.http.decoding import BODY_MAX_VALUES, decode

ARRAYS = [
    "[]",
    " [ ] ",
    "[1]",
    '[{"text": "x"}, {"text": "🍏é\\ud83c\\udf4f"} ,\n[], [[1], {"a": [true, null]}]]\r\n',
    '[12345, -1.5e+10, 0, "a\\"]\\\\", "", false, 1E5]',
    '["\\\\", "\\"", "[{,", {"]": "}"}]',
    "[1 , 2 ,3]",
    '["\x7f\u2028\U0010ffff"]',
]

BROKEN = [
    "[",
    "[1",
    "[1,",
    "[1,]",
    "[,1]",
    "[1 2]",
    "[1,,2]",
    "[]]",
    "[] x",
    "[[]",
    "[1}",
    "[{]}",
    '["a]',
    '["\\x"]',
    '["\n"]',
    "[01]",
    "[1.]",
    "[1e]",
    "[-]",
    "[tru]",
    "[NaN]",
    "[-Infinity]",
    "['a']",
    "[" + "9" * 5000 + "]",
    "[" * 5000,
    "[\ufeff1]",
    "[1]\x00",
]


@pytest.fixture(params=[1, 2, 3, 7, 50])
def small_parts(request, monkeypatch):
    """Decode arrays in parts of a few bytes."""
    monkeypatch.setattr(decoding, "PART_BYTES", request.param)


@pytest.mark.parametrize("text", ARRAYS)
def test_an_array_in_parts_is_the_same_array(small_parts, text):
    assert decode(text.encode()) == json.loads(text)


@pytest.mark.parametrize("text", BROKEN)
def test_a_broken_array_in_parts_is_400(small_parts, text):
    with pytest.raises(BadRequest):
        decode(text.encode())


@pytest.mark.parametrize("body", [b'["\xff"]', b'["\xf0\x9f"]', b'["\xed\xa0\x80"]', b"[1] \xc3"])
def test_an_array_in_parts_that_is_not_utf_8_is_400(small_parts, body):
    with pytest.raises(BadRequest):
        decode(body)


def test_arrays_with_one_changed_character_are_decoded_as_by_the_standard_parser(small_parts):
    """A split must never change the value that the standard parser returns."""
    chance = random.Random(1)  # noqa: S311 - it keeps no secret
    for text in ARRAYS * 20:
        at = chance.randrange(len(text))
        changed = text[:at] + chance.choice('[]{}",:\\01e.- x\n') + text[at + 1 :]
        try:
            expected = json.loads(changed)
        except ValueError:
            with pytest.raises(BadRequest):
                decode(changed.encode())
        else:
            assert decode(changed.encode()) == expected


@pytest.mark.parametrize("value", ["[]", '{"": 0}', "1", '"a"', "[[[0]]]", '{"\\"": "\\\\"}'])
def test_more_values_than_a_body_may_have_are_refused(value):
    """A value has three bytes of JSON, and takes more than 50 in memory."""
    body = "[" + ",".join([value] * (BODY_MAX_VALUES + 1)) + "]"
    with pytest.raises(ValidationError):
        decode(body.encode())
    with pytest.raises(BadRequest):
        decode(body[:-1].encode())
    with pytest.raises(BadRequest):
        decode(body.encode() + b"]")


@pytest.mark.parametrize("text", ARRAYS)
def test_values_are_counted_the_same_in_parts(small_parts, monkeypatch, text):
    outside = re.sub(r'"([^"\\]|\\.)*"', "", text)
    values = sum(map(outside.count, ",[{"))
    for limit in range(1, 15):
        monkeypatch.setattr(decoding, "BODY_MAX_VALUES", limit)
        assert decoding._has_too_many_values(text.encode()) == (values > limit)


@pytest.mark.parametrize(
    "text", [",[{" * BODY_MAX_VALUES, '\\,"[' * BODY_MAX_VALUES, "\n," * 99_999]
)
def test_marks_inside_texts_are_not_counted(text):
    body = json.dumps([{"text": text}] * 3).encode()
    assert decode(body) == [{"text": text}] * 3


def test_too_many_values_that_are_not_utf_8_are_400():
    with pytest.raises(BadRequest):
        decode(b'["\xff"' + b",[]" * BODY_MAX_VALUES + b"]")
