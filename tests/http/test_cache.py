"""The response cache: responses are never older than the last commit."""

import pytest
from werkzeug.test import Client
from werkzeug.wsgi import ClosingIterator

from flask_things.db.backend import Changes
from flask_things.environ import CACHE
from flask_things.http.cache import VARIES, Cache
from tests.support.statements import statements


@pytest.mark.sqlite
@pytest.mark.parametrize("path", ["/things", "/things/1", "/things?q=milk&total=true"])
def test_a_get_that_is_repeated_does_not_query_the_database(app, client, path):
    client.post("/things", json={"text": "buy milk"})
    first = client.get(path)
    with statements(app) as seen:
        again = client.get(path)
    assert (seen, again.status_code, again.data) == ([], 200, first.data)
    ours = [dict(response.headers, **{"X-Request-ID": ""}) for response in (first, again)]
    assert ours[0] == ours[1]


@pytest.mark.postgresql
def test_without_a_database_version_nothing_is_cached(app, client):
    client.post("/things", json={"text": "buy milk"})
    client.get("/things/1")
    with statements(app) as seen:
        client.get("/things/1")
    assert seen


def test_commits_of_others_are_visible_immediately(client, connection):
    client.post("/things", json={"text": "old"})
    for number in range(20):
        connection.execute(f"UPDATE thing SET text = 'new {number}'")
        assert client.get("/things/1").json["text"] != f"new {number}"
        connection.commit()
        assert client.get("/things/1").json["text"] == f"new {number}"


def test_a_cached_answer_ends_with_its_file(app, client, file):
    client.post("/things", json={"text": "gone"})
    client.get("/things/1")
    file.rename(file.with_suffix(".away"))
    assert client.get("/things/1").status_code == 503


@pytest.mark.sqlite
def test_each_representation_is_kept_apart(client):
    client.post("/things/bulk", json=[{"text": "a"}, {"text": "b"}])
    etag = client.get("/things/1").headers["ETag"]
    asked = {
        "plain": {},
        "other": {"path": "/things/2"},
        "list": {"path": "/things"},
        "query": {"path": "/things?limit=1"},
        "head": {"method": "HEAD"},
        "known": {"headers": {"If-None-Match": etag}},
        "demanded": {"headers": {"If-Match": '"other"'}},
    }
    answers = [
        {name: client.open(**{"path": "/things/1"} | request) for name, request in asked.items()}
        for _ in range(2)
    ]
    for given in answers:
        assert [response.status_code for response in given.values()] == [200] * 5 + [304, 412]
        assert given["other"].json["id"] == 2
        assert [len(given[name].json) for name in ("list", "query")] == [2, 1]
        assert "Link" in given["query"].headers
        assert [given[name].data for name in ("head", "known")] == [b"", b""]


def test_an_answer_varies_by_every_header_field_that_a_get_takes(client):
    """A header field that is missing from the list would give one client another's response."""
    paths = client.get("/openapi.json").json["paths"].values()
    fields = {
        parameter["name"]
        for path in paths
        if "304" in path.get("get", {}).get("responses", {})
        for parameter in path["get"]["parameters"]
        if parameter["in"] == "header"
    }
    assert fields
    assert {f"HTTP_{field.upper().replace('-', '_')}" for field in fields} <= {*VARIES}


class Counting:
    """A database and an application that counts its calls."""

    def __init__(self, status="200 OK", fields=(), body=b"answer"):
        self.now, self.asked = 1, 0
        self.status, self.fields, self.body = status, [*fields], body
        self.during = lambda: None
        self.client = Client(Cache(self, self))

    def version(self):
        """Return the version of the database."""
        return self.now

    def changes(self, since):
        """Return the version, with unknown changes."""
        return Changes(self.now, 0, None)

    def __call__(self, environ, start_response):
        """Handle a request."""
        environ[CACHE] = True
        self.asked += 1
        self.during()
        start_response(self.status, self.fields)
        return ClosingIterator([self.body])


def test_a_commit_during_a_response_prevents_its_caching():
    counting = Counting()

    def commit():
        counting.now = 2

    counting.during = commit
    counting.client.get("/")
    counting.client.get("/")
    assert counting.asked == 2


def test_a_slow_answer_is_not_given_after_a_newer_one():
    """The first request starts before a commit, and ends after the second was answered."""
    counting = Counting()

    def overtake():
        counting.during = lambda: None
        counting.now, counting.body = 2, b"newer"
        counting.client.get("/")
        counting.body = b"older"

    counting.during = overtake
    assert counting.client.get("/").data == b"older"
    counting.body = b"newest"
    assert counting.client.get("/").data in (b"newer", b"newest")


@pytest.mark.parametrize(
    ("method", "status", "fields"),
    [
        ("GET", "404 NOT FOUND", []),
        ("GET", "503 SERVICE UNAVAILABLE", []),
        ("POST", "200 OK", []),
        ("GET", "200 OK", [("Vary", "Cookie")]),
    ],
)
def test_a_response_that_may_vary_is_not_cached(method, status, fields):
    counting = Counting(status, fields)
    for _ in range(2):
        counting.client.open("/", method=method)
    assert counting.asked == 2
