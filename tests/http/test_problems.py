"""Every failure is a problem document (RFC 9457)."""

import pytest
from flask_smorest import abort
from sqlalchemy.exc import OperationalError

from flask_things.db.sqlite.file import sqlite3


def test_an_unknown_path_is_a_problem(client):
    response = client.get("/nowhere")
    assert (response.status_code, response.content_type) == (404, "application/problem+json")
    assert response.json["type"] == "about:blank"
    assert response.json["title"] == "Not Found"
    assert response.json["status"] == 404
    assert response.json["detail"]


def test_an_unsupported_method_is_405_with_allow(client):
    response = client.delete("/things")
    assert (response.status_code, response.content_type) == (405, "application/problem+json")
    assert set(response.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "POST"}


def test_the_headers_and_words_of_an_abort_are_kept(app, client):
    """flask-smorest's own handler drops the description."""

    @app.get("/busy")
    def busy():
        abort(503, message="Come back.", headers={"Retry-After": "7"})

    response = client.get("/busy")
    assert (response.status_code, response.json["detail"]) == (503, "Come back.")
    assert response.headers["Retry-After"] == "7"


def test_an_error_that_is_answered_and_not_raised_is_a_problem_too(app, client):
    @app.get("/answered")
    def answered():
        return "a page", 412

    response = client.get("/answered")
    assert (response.status_code, response.content_type) == (412, "application/problem+json")
    assert response.json["title"] == "Precondition Failed"
    assert "X-Request-ID" in response.headers


def test_a_crash_tells_the_client_nothing_and_the_log_all(app, client, caplog):
    @app.get("/crash")
    def crash():
        raise RuntimeError("a secret")

    response = client.get("/crash")
    assert (response.status_code, response.content_type) == (500, "application/problem+json")
    assert "secret" not in response.text
    assert "a secret" in caplog.text
    assert "Traceback" in caplog.text


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ("DELETE /things?x=1 no-type", 405),
        ("PUT /things/7?x=1 no-type", 415),
        ("PUT /things/7?x=1 too-large", 413),
        ("PUT /things/7?x=1 no-json", 400),
        ("PUT /things/7?x=1 json", 422),
        ("PUT /things/0 invalid", 422),
        ("PUT /things/7 json", 404),
    ],
)
def test_of_several_problems_the_contract_s_first_answers(client, first, then):
    method, path, kind = first.split()
    body = {"too-large": b"x" * 3_000_000, "no-json": b"x", "invalid": b"{}"}.get(
        kind, b'{"text":""}'
    )
    content_type = None if kind == "no-type" else "application/json"
    response = client.open(path, method=method, data=body, content_type=content_type)
    assert response.status_code == then


@pytest.mark.parametrize(
    ("name", "status", "retry_after"),
    [
        ("SQLITE_BUSY", 503, "1"),
        ("SQLITE_BUSY_SNAPSHOT", 503, "1"),
        ("SQLITE_READONLY", 503, "1"),
        ("SQLITE_IOERR_WRITE", 503, "1"),
        ("SQLITE_PROTOCOL", 503, "1"),
        ("SQLITE_FULL", 507, None),
        ("SQLITE_IOERR_SHMSIZE", 507, None),
        ("SQLITE_ERROR", 500, None),
    ],
)
def test_database_errors_have_a_status(app, client, name, status, retry_after):
    @app.get("/database")
    def database():
        error = sqlite3.OperationalError("inside knowledge")
        error.sqlite_errorname = name
        raise OperationalError("SELECT 1", None, error)

    response = client.get("/database")
    assert (response.status_code, response.content_type) == (status, "application/problem+json")
    assert response.headers.get("Retry-After") == retry_after
    assert "inside" not in response.text


def test_while_another_one_writes_a_write_is_503_and_a_read_200(
    short_wait, client, connection, lock
):
    client.post("/things", json={"text": "x"})
    lock()
    response = client.put("/things/1", json={"text": "y"})
    assert (response.status_code, response.headers["Retry-After"]) == (503, "1")
    assert client.get("/things/1").json["text"] == "x"
    connection.rollback()
    assert client.put("/things/1", json={"text": "y"}).status_code == 200
