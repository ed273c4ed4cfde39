"""Search for a part of a text."""

import pytest
from sqlalchemy import func, insert, update

from flask_things.db import db
from flask_things.models import Thing
from flask_things.search import fold, triples
from flask_things.store import create_things, delete_thing, get_thing, update_thing


@pytest.fixture
def having(app, client):
    """Return a function that stores texts and then tells which of them a search finds."""

    def search(texts, q):
        with app.app_context():
            create_things(db.session, [{"text": text} for text in texts])
        return [thing["text"] for thing in client.get("/things", query_string={"q": q}).json]

    return search


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


@pytest.mark.parametrize(
    "q",
    [
        "%",
        "_",
        "100%",
        "a_b",
        '"',
        '"""',
        "a\"b'c",
        "*",
        "a*c",
        "\\",
        "AND",
        "a OR b",
        "(",
        "^a",
        "a-b",
        "NEAR(a b)",
        "-abc",
        "folded:abc",
        "'; --",
        "   ",
        " a ",
        "\n\n\n",
        "[a-z]",
        "???",
        "🍏🍏🍏",
    ],
)
def test_every_character_is_itself(having, q):
    assert having([f"<{q}>", "abc xyz 1000", "", "a1b", "axc"], q) == [f"<{q}>"]


def test_a_part_whose_triples_are_there_but_not_in_a_row_is_not_found(having):
    assert having(["abcd bcde", "abcde"], "abcde") == ["abcde"]


def test_the_index_is_asked_for_all_triples():
    assert triples('abc"abc') == '"abc" AND "bc""" AND "c""a" AND """ab"'


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


def test_a_changed_text_is_found_and_the_one_before_is_not(having, client):
    having(["before"], "before")
    client.put("/things/1", json={"text": "after"})
    assert len(client.get("/things?q=AFTER").json) == 1
    assert client.get("/things?q=before").json == []


def test_a_thing_whose_id_was_changed_by_hand_is_found(having, client, connection):
    having(["moved"], "moved")
    connection.execute("UPDATE thing SET id = 50")
    connection.commit()
    assert [thing["id"] for thing in client.get("/things?q=moved").json] == [50]


def test_a_deleted_thing_is_not_found(having, client):
    having(["gone"], "gone")
    client.delete("/things/1")
    assert client.get("/things?q=gone").json == []


def by_unit_of_work(session):
    session.add(Thing(text="ÄPFEL"))


def by_insert(session):
    session.execute(insert(Thing).values(text="ÄPFEL"))


def by_insert_of_many(session):
    session.execute(insert(Thing), [{"text": "ÄPFEL"}, {"text": "other"}])


def by_update(session):
    session.add(Thing(text="before"))
    session.flush()
    session.execute(update(Thing).where(Thing.text == "before").values(text="ÄPFEL"))


def by_update_of_an_attribute(session):
    session.add(Thing(text="before"))
    session.flush()
    session.execute(update(Thing).values({Thing.text: "ÄPFEL"}))


def by_an_expression(session):
    session.add(Thing(text="before"))
    session.flush()
    session.execute(update(Thing).values(text=func.replace(Thing.text, "before", "ÄPFEL")))


def by_the_table(session):
    session.execute(insert(Thing.__table__).values(text="before"))
    session.execute(update(Thing.__table__).values(text="ÄPFEL"))


def by_many_values(session):
    session.execute(insert(Thing).values([{"text": "ÄPFEL"}, {"text": "other"}]))


def past_the_application(session):
    now = "2026-11-22 00:00:00"
    connection = session.connection()
    connection.exec_driver_sql(
        "INSERT INTO thing (text, created_at, updated_at) VALUES ('before', ?, ?)", (now, now)
    )
    connection.exec_driver_sql("UPDATE thing SET text = 'ÄPFEL'")


@pytest.mark.parametrize(
    "write",
    [
        by_unit_of_work,
        by_insert,
        by_insert_of_many,
        by_many_values,
        by_update,
        by_update_of_an_attribute,
        by_an_expression,
        by_the_table,
        past_the_application,
    ],
)
def test_what_is_written_by_hand_is_found(app, client, write):
    with app.app_context():
        write(db.session)
        db.session.commit()
    assert [thing["text"] for thing in client.get("/things?q=äpfel").json] == ["ÄPFEL"]
    assert [thing["text"] for thing in client.get("/things?q=ä").json] == ["ÄPFEL"]
    assert client.get("/things?q=before").json == []
    assert client.get("/things?q=äpf&total=true").headers["X-Total-Count"] == "1"


def test_the_index_stays_whole(app, having, connection):
    """FTS5's own check compares the index with the table."""
    having([f"text {n} äöü" for n in range(300)], "x")
    with app.app_context():
        for thing_id in range(1, 300, 3):
            update_thing(db.session, thing_id, text=f"changed {thing_id}")
            delete_thing(db.session, get_thing(db.session, thing_id + 1).id)
    connection.execute(
        "INSERT INTO thing_search (thing_search, rank) VALUES ('integrity-check', 1)"
    )


def test_folding_keeps_the_length_and_is_the_same_twice():
    characters = "".join(map(chr, range(0x110000)))
    folded = fold(characters)
    assert len(folded) == len(characters)
    assert fold(folded) == folded


def test_folding_is_pythons_where_that_keeps_the_length():
    characters = [c for c in map(chr, range(0x110000)) if len(c.casefold()) == 1]
    assert fold("ß".join(characters)) == "ß".join(c.casefold() for c in characters)


def test_a_change_of_the_case_alone_is_still_found(app, having, client):
    """What is searched stays the same, which must not look as if it had been forgotten."""
    having(["Äpfel"], "Äpfel")
    client.put("/things/1", json={"text": "äPFEL"})
    assert [thing["text"] for thing in client.get("/things?q=äpfel").json] == ["äPFEL"]
