"""Ids: the highest id, and what happens when none is left."""

import pytest

from flask_things.db.ids import ID_MAX
from flask_things.resource.schemas.fields import IMPORT_ID_MAX
from tests.support.transfer import line, take


@pytest.fixture
def give_up_to(app, connection, engine):
    """Return a function that sets a table's last assigned id, as another program could."""

    def give(table, number):
        if engine == "postgresql":
            connection.execute(f"SELECT setval('{table}_id_seq', {number})")
        else:
            connection.execute(f"DELETE FROM sqlite_sequence WHERE name = '{table}'")
            connection.execute(f"INSERT INTO sqlite_sequence VALUES ('{table}', {number})")
        connection.commit()

    return give


def details(*responses):
    """Return the statuses of problems and the beginnings of their details."""
    return {(one.status_code, one.json["detail"].partition(":")[0]) for one in responses}


@pytest.mark.parametrize(
    "statement",
    [
        f"INSERT INTO thing SELECT {ID_MAX}, 'x', created_at, updated_at, 1 FROM thing",
        f"UPDATE thing SET id = {ID_MAX}",
    ],
    ids=["inserted", "updated"],
)
@pytest.mark.sqlite
def test_the_highest_id_taken_by_another_program_is_not_a_full_disk(client, connection, statement):
    client.post("/things", json={"text": "x"})
    connection.execute(statement)
    connection.commit()
    assert details(client.post("/things", json={"text": "x"})) == {(507, "No id is left")}


def test_without_an_id_left_everything_else_works(client, give_up_to):
    client.post("/things", json={"text": "x"})
    give_up_to("thing", ID_MAX)
    one, many = {"text": "x"}, [{"text": "x"}] * 2
    responses = client.post("/things", json=one), client.post("/things/bulk", json=many)
    assert details(*responses) == {(507, "No id is left")}
    assert client.put("/things/1", json={"text": "y"}).status_code == 200
    assert client.get("/things").json[0]["text"] == "y"
    assert client.delete("/things/1").status_code == 204


def test_a_bulk_for_which_too_few_ids_are_left_stores_nothing(client, give_up_to):
    give_up_to("thing", ID_MAX - 2)
    assert details(client.post("/things/bulk", json=[{"text": "x"}] * 3)) == {
        (507, "No id is left")
    }
    assert client.get("/things").json == []


@pytest.mark.postgresql
def test_after_ids_that_another_program_chose_a_post_succeeds_at_the_second_try(client, connection):
    """An INSERT with explicit ids does not move the sequence."""
    connection.execute(
        "INSERT INTO thing (id, text, created_at, updated_at) "
        "SELECT id, 'x', now(), now() FROM generate_series(1, 5000) AS id"
    )
    connection.commit()
    refused = client.post("/things", json={"text": "x"})
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
    assert client.post("/things", json={"text": "x"}).json["id"] == 5001


def test_a_token_without_an_id_left_is_refused_in_one_line(runner, give_up_to):
    give_up_to("token", ID_MAX)
    result = runner.invoke(args=["tokens", "create", "phone"])
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("Error: No id is left: ")
    assert result.stderr.count("\n") == 1


def test_after_an_import_of_the_highest_id_that_is_accepted_there_is_room(runner, client):
    assert take(runner, line(id=IMPORT_ID_MAX))[0] == 0
    assert client.post("/things", json={"text": "x"}).json["id"] == IMPORT_ID_MAX + 1
    things = client.post("/things/bulk", json=[{"text": "x"}] * 1000).json
    assert [thing["id"] for thing in things] == [IMPORT_ID_MAX + 2 + n for n in range(1000)]


@pytest.mark.parametrize("kind", ["ndjson", "csv"])
@pytest.mark.parametrize("number", [0, -1, IMPORT_ID_MAX + 1, ID_MAX, ID_MAX + 1])
def test_an_import_of_an_id_that_leaves_no_room_is_refused(runner, client, number, kind):
    data = line(id=number)
    if kind == "csv":
        moment = "2026-11-22T15:04:05Z"
        data = f"id,text,created_at,updated_at\n{number},x,{moment},{moment}\n"
    code, tally, error = take(runner, data, kind)
    assert (code, tally) == (1, "0 stored, 0 already there.")
    limit = "at least 1." if number < 1 else "at most 9000000000000000000."
    assert f"id: Must be {limit}" in error
    assert client.post("/things", json={"text": "x"}).json["id"] == 1
