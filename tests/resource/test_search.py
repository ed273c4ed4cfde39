"""Substring search."""

from collections import defaultdict

import pytest

from flask_things.db.session import db
from flask_things.resource.tables.search import CASES, EXACT


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
        ("\U00010400\U00010401\U00010402", "\U00010428\U00010429\U0001042a"),  # Deseret
        ("\u212aelvin", "kel"),  # the Kelvin sign
        ("ᾈᾈᾈ", "ᾀᾀᾀ"),
        ("Ä", "ä"),
    ],
)
def test_case_is_ignored_as_unicode_has_it(having, text, q):
    assert having([text, "other"], q) == [text]


@pytest.mark.parametrize(
    ("text", "q"),
    [
        ("straße", "strasse"),  # full case folding would match
        ("strasse", "straße"),
        ("\u00e4\u00e4\u00e4", "a\u0308a\u0308"),  # normalisation would match
        ("apfel", "äpfel"),
        ("İstanbul", "istanbul"),  # Turkish folding would match
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


def test_scattered_trigrams_are_not_a_match(having):
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


def test_characters_that_no_text_can_have_are_422(client):
    assert client.get("/things?q=%00").status_code == 422


@pytest.mark.parametrize("q", ["%FF", "a%C3", "%ED%A0%80"])
def test_bytes_that_are_no_utf_8_are_422(having, client, q):
    """Not a search for a percent sign and two letters."""
    response = client.get(f"/things?limit=5&q={q}")
    assert response.status_code == 422
    assert [error["parameter"] for error in response.json["errors"]] == ["q"]


#: All letters with a case.
CASED = [c for c in map(chr, range(1, 0x20000)) if c.lower() != c or c.upper() != c]


def groups(folded):
    """Return all letters with the same folding, for each letter."""
    same = defaultdict(set)
    for letter, fold in folded.items():
        same[fold].add(letter)
    return {letter: same[fold] for letter, fold in folded.items()}


def simple(letter):
    """Return the Unicode simple case folding of a letter."""
    return next(one for one in (letter.casefold(), letter.lower(), letter) if len(one) == 1)


@pytest.mark.sqlite
def test_a_short_and_a_long_search_know_the_same_cases(app):
    """A long search uses the index, which folds case itself; a short one scans texts."""
    folded = {}
    with app.app_context(), db.engine.connect() as connection:
        run = connection.exec_driver_sql
        run("CREATE VIRTUAL TABLE temp.part USING fts5(text, tokenize=trigram, detail=none)")
        run("CREATE VIRTUAL TABLE temp.term USING fts5vocab(part, row)")
        for letter in CASED:
            run("DELETE FROM part")
            run("INSERT INTO part VALUES (?)", (f"{letter}--",))
            folded[letter] = run("SELECT term FROM term").scalar()
    assert {letter: set(CASES.get(letter, letter)) for letter in CASED} == groups(folded)


@pytest.mark.postgresql
def test_postgresql_knows_every_case_that_sqlite_knows(app):
    """And most of the newer letters."""
    query = "SELECT letter, search_fold(letter) FROM unnest(%s::text[]) AS letter"
    with app.app_context(), db.engine.connect() as connection:
        folded = dict(connection.connection.driver_connection.execute(query, [CASED]).fetchall())
    same = groups(folded)
    assert not [letter for letter in CASED if not set(CASES.get(letter, letter)) <= same[letter]]
    assert not [letter for letter in CASED if len({simple(one) for one in same[letter]}) > 1]


def test_case_is_ignored_as_python_does_but_for_young_letters():
    """Of 2 400 letters with a case in the Basic Multilingual Plane, 330 are not folded."""
    plane = [letter for letter in CASED if letter < "\U00010000"]
    for letter, same in groups({letter: simple(letter) for letter in plane}).items():
        known = {letter} if EXACT.match(letter) else {one for one in same if not EXACT.match(one)}
        assert set(CASES.get(letter, letter)) == known
    assert len([letter for letter in plane if EXACT.match(letter)]) < 350


@pytest.mark.parametrize("q", ["k", "K", "\u212a", "sk", "\u017f\u212a", "S", "\u017fkI"])
def test_ascii_letters_are_found_in_their_cases_beyond_ascii(having, q):
    text = "SKI"
    assert having([text, "other"], q) == [text]
