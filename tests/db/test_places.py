"""Positions in the journal, although PostgreSQL may commit in another order than it writes."""

import psycopg
import pytest

from tests.support.server import next_page

pytestmark = pytest.mark.postgresql


@pytest.fixture
def early(environ):
    """Return a connection with the earlier transaction."""
    with psycopg.connect(environ["THINGS_DATABASE_URL"]) as connection:
        yield connection


@pytest.fixture
def late(environ):
    """Return a connection with a later transaction, which ends first."""
    with psycopg.connect(environ["THINGS_DATABASE_URL"]) as connection:
        yield connection


@pytest.fixture
def follow(client):
    """Return a function that returns the changes since its last call."""
    place = next_page(client.get("/things/changes").headers)

    def follow(more=""):
        nonlocal place
        response = client.get(place + more)
        assert response.status_code == 200, response.text
        place = next_page(response.headers)
        return [(one["change"], one["thing"] and one["thing"]["text"]) for one in response.json]

    return follow


def insert(connection, text):
    connection.execute("INSERT INTO thing (text) VALUES (%s)", [text])


def test_a_change_written_first_and_committed_last_is_not_missed(early, late, follow):
    insert(early, "early")
    insert(late, "late")
    late.commit()
    assert follow() == []
    early.commit()
    assert follow() == [("created", "early"), ("created", "late")]
    assert follow() == []


def test_a_change_of_an_older_transaction_written_last_is_not_missed(early, late, follow):
    """Its position is higher, but its transaction is older."""
    early.execute("SELECT pg_current_xact_id()")
    insert(late, "late")
    late.commit()
    assert follow() == []
    insert(early, "early")
    early.commit()
    assert follow("&limit=1") == [("created", "early")]
    assert follow() == [("created", "late")]
    assert follow() == []


def test_a_change_with_a_lower_position_written_last_is_not_missed(early, late, follow):
    """By then a client has passed higher positions."""
    [(taken,)] = early.execute("SELECT nextval('journal_position_seq')").fetchall()
    early.rollback()
    insert(late, "late")
    late.commit()
    assert follow() == [("created", "late")]
    early.execute("SET session_replication_role = replica")  # disables triggers
    insert(early, "early")
    entry = "%s, 'thing', currval('thing_id_seq'), 'created'"
    columns = "position, table_name, row_id, change"
    early.execute(f"INSERT INTO journal ({columns}) VALUES ({entry})", [taken])
    early.commit()
    assert follow() == [("created", "early")]


def test_a_rolled_back_transaction_blocks_nothing(early, late, follow):
    insert(early, "early")
    insert(late, "late")
    late.commit()
    early.rollback()
    assert follow() == [("created", "late")]


def test_of_two_changes_of_a_row_the_later_one_counts(early, late, follow):
    """Also if the transaction of the later change is older."""
    insert(late, "first")
    late.commit()
    assert follow() == [("created", "first")]
    early.execute("SELECT pg_current_xact_id()")
    late.execute("UPDATE thing SET text = 'second'")
    late.commit()
    early.execute("UPDATE thing SET text = 'third'")
    early.commit()
    assert follow() == [("updated", "third")]
    assert follow() == []


def test_now_is_before_uncommitted_changes(early, late, client):
    insert(early, "early")
    insert(late, "late")
    late.commit()
    place = next_page(client.get("/things/changes").headers)
    early.commit()
    assert [one["thing"]["text"] for one in client.get(place).json] == ["early", "late"]


def test_without_settled_entries_there_is_no_position(client, early, execute):
    """Such as a transaction of another database that is older than the journal."""
    execute("UPDATE journal SET transaction_id = 9000000000000000000")
    response = client.get("/things/changes")
    assert (response.status_code, response.headers["Retry-After"]) == (503, "1")
