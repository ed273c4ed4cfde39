"""Search for a part of a text."""

import pytest

from flask_things.resource.search import fold


@pytest.mark.parametrize("length", [1, 2, 3, 4, 7])
def test_a_part_is_found_wherever_it_stands(having, length):
    part = "xyzuvwt"[:length]
    texts = [part, f"{part} end", f"start {part}", f"mid{part}dle", part[:-1], part[1:], ""]
    assert having(texts, part) == texts[:4]


@pytest.mark.parametrize(
    ("text", "q"),
    [
        ("äpfel", "ÄPFEL"),
        ("ÄPFEL", "äpf"),
        ("Straẞe", "straß"),
        ("ΟΔΟΣ", "οδος"),
        ("οδος", "ΟΔΟΣ"),
        ("ПРИВЕТ", "привет"),
        ("\u10d0\u10d1\u10d2", "\u1c90\u1c91\u1c92"),  # Georgian, since Unicode 11
        ("\U00010400\U00010401\U00010402", "\U00010428\U00010429\U0001042a"),  # Deseret
        ("\u13a0\u13a1\u13a2", "\uab70\uab71\uab72"),  # Cherokee, which folds to upper case
        ("\u212aelvin", "kel"),  # the Kelvin sign
        ("ᾈᾈᾈ", "ᾀᾀᾀ"),
        ("Ä", "ä"),
        ("\ufb05\ufb05\ufb05", "\ufb06\ufb06\ufb06"),
    ],
)
def test_case_is_ignored_as_unicode_has_it(having, text, q):
    assert having([text, "other"], q) == [text]


@pytest.mark.parametrize(
    ("text", "q"),
    [
        ("straße", "strasse"),  # would be full case folding
        ("strasse", "straße"),
        ("\u00e4\u00e4\u00e4", "a\u0308a\u0308"),  # would be normalisation
        ("apfel", "äpfel"),
        ("İstanbul", "istanbul"),  # would be Turkish
    ],
)
def test_nothing_but_case_is_ignored(having, text, q):
    assert having([text], q) == []


LITERAL = [
    *("%", "_", "100%", "a_b", '"', '"""', "a\"b'c", "*", "a*c", "\\", "AND", "a OR b", "(", "^a"),
    *("a-b", "NEAR(a b)", "-abc", "folded:abc", "'; --", "   ", " a "),
    *("\n\n\n", "[a-z]", "???", "🍏🍏🍏"),
]  # fmt: skip


@pytest.mark.parametrize("q", LITERAL)
def test_every_character_is_itself(having, q):
    assert having([f"<{q}>", "abc xyz 1000", "", "a1b", "axc"], q) == [f"<{q}>"]


def test_a_part_whose_triples_are_there_but_not_in_a_row_is_not_found(having):
    assert having(["abcd bcde", "abcde"], "abcde") == ["abcde"]


def test_an_empty_search_finds_all(having):
    assert having(["a", ""], "") == ["a", ""]


def test_200_different_characters_are_searched_for(having):
    part = "".join(map(chr, range(0x4E00, 0x4E00 + 200)))
    assert having([f"<{part}>", part[:-1], part[1:]], part) == [f"<{part}>"]


@pytest.mark.parametrize("character", ["a", "ä", "🍏"])
def test_200_characters_are_searched_for_and_201_are_422(having, client, character):
    assert having([character * 250, character * 199], character * 200) == [character * 250]
    response = client.get("/things", query_string={"q": character * 201})
    assert [error["parameter"] for error in response.json["errors"]] == ["q"]


def test_what_no_text_can_hold_is_422(client):
    assert client.get("/things?q=%00").status_code == 422


@pytest.mark.parametrize("q", ["%FF", "a%C3", "%ED%A0%80"])
def test_bytes_that_are_no_utf_8_are_422(having, client, q):
    """Not a search for a percent sign and two letters."""
    response = client.get(f"/things?limit=5&q={q}")
    assert response.status_code == 422
    assert [error["parameter"] for error in response.json["errors"]] == ["q"]


def test_folding_keeps_the_length_and_is_the_same_twice():
    characters = "".join(map(chr, range(0x110000)))
    folded = fold(characters)
    assert len(folded) == len(characters)
    assert fold(folded) == folded


def test_folding_is_pythons_where_that_keeps_the_length():
    characters = [c for c in map(chr, range(0x110000)) if len(c.casefold()) == 1]
    assert fold("ß".join(characters)) == "ß".join(c.casefold() for c in characters)
