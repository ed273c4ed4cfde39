"""The access log: one line per request, whichever part responds, and no secrets."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from flask_things.observability.access_log import without_secrets
from tests.http.test_parsing import HEAD, status
from tests.server.test_server import NOT_HTTP
from tests.support.access_log import lines
from tests.support.pages import PAGES, blocks
from tests.support.server import Server, wait_until

ROOT = Path(__file__).parents[2]

#: An application with routes that fail, before or during the response.
FAILING = """
from flask_things import create_app

app = create_app()

@app.get("/crash")
def crash():
    raise RuntimeError("for the log only")

@app.get("/stream/<int:chunks>")
def stream(chunks):
    def body():
        yield from ["x"] * chunks
        raise RuntimeError("for the log only")
    return body(), {"Content-Type": "text/plain"}
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Return a server for tests that can identify their requests."""
    server = Server(tmp_path_factory.mktemp("server"), {}, ["-m", "flask_things"], wait=True)
    yield server
    server.stop()


@pytest.fixture
def failing(serve, tmp_path):
    """Return a server with failing routes."""
    (tmp_path / "failing.py").write_text(FAILING)
    return serve("-m", "gunicorn", "--config", str(ROOT / "gunicorn.conf.py"), "failing:app")


def line_of(server, headers):
    """Return the line of a request, by its response's header."""
    what = {"request_id": headers["X-Request-ID"]}
    wait_until(lambda: lines(server, **what))
    [line] = lines(server, **what)
    return line


def test_a_line_describes_the_request_and_the_response(server):
    before = datetime.now(UTC)
    code, headers, _ = server.request("POST", "/things", {"text": "x"})
    line = line_of(server, headers)
    assert before < datetime.fromisoformat(line.pop("time")) < datetime.now(UTC)
    assert 0 < line.pop("milliseconds") < 10_000
    assert line.pop("worker") in server.workers()
    assert line == {
        "request_id": headers["X-Request-ID"],
        "method": "POST",
        "path": "/things",
        "status": code,
        "bytes": int(headers["Content-Length"]),
        "client": "127.0.0.1",
        "token": None,
    }


def test_the_page_shows_the_members_of_a_line(server):
    [shown] = map(json.loads, blocks("json", PAGES["operations.md"]))
    assert shown.keys() == line_of(server, server.request("GET", "/healthz")[1]).keys()


def test_an_answer_from_memory_has_a_line_too(server):
    answers = [server.request("GET", "/things?limit=7") for _ in range(5)]
    for code, headers, body in answers:
        line = line_of(server, headers)
        assert (line["status"], line["path"]) == (code, "/things?limit=7")
        assert line["bytes"] == int(headers["Content-Length"]) >= len(body)


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/static/docs.js"), ("HEAD", "/static/docs.js"), ("GET", "/docs")]
)
def test_the_bytes_are_those_of_the_body(server, method, path):
    _, headers, body = server.request(method, path)
    assert line_of(server, headers)["bytes"] == len(body)


@pytest.mark.parametrize("sent", NOT_HTTP.values(), ids=NOT_HTTP.keys())
def test_requests_that_gunicorn_rejects_are_logged(server, sent):
    before = len(lines(server))
    answer = server.raw(sent)
    request_id = answer.partition(b"X-Request-ID: ")[2].partition(b"\r\n")[0].decode()
    line = line_of(server, {"X-Request-ID": request_id})
    assert line["status"] == status(answer)
    assert line["bytes"] == len(answer.partition(b"\r\n\r\n")[2])
    assert len(lines(server)) == before + 1


def test_the_line_of_a_rejected_request_has_all_known_parts(server):
    server.raw(
        b"PUT /things/7 HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n"
    )
    [line] = wait_until(lambda: lines(server, path="/things/7"))
    assert (line["method"], line["status"]) == ("PUT", 400)


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", ""),
        ("limit=1", "?limit=1"),
        ("token=s3cret", "?token=***"),
        ("limit=1&access_token=s3cret&q=x", "?limit=1&access_token=***&q=x"),
        ("API-Key=s3cret&client_secret=s3cret", "?API-Key=***&client_secret=***"),
        ("Password=s3cret=s3cret", "?Password=***"),
        ("%74oken=s3cret", "?token=***"),
        ("token%3Ds3cret", "?token=***"),
        ("a%0atoken=s3cret", "?a%0Atoken=***"),
        ("q=token", "?q=token"),
    ],
)
def test_secrets_of_a_query_are_replaced(query, shown):
    assert without_secrets(f"/things?{query}") == f"/things{shown}"


def test_no_secret_gets_into_the_log(server):
    """Even if gunicorn rejects and quotes the request."""
    headers = {"Authorization": "Bearer s3cret-one", "Content-Type": "application/json"}
    answered = server.request("GET", "/things?access_token=s3cret-two", headers=headers)
    server.raw(b"GET /things?token=s3cret-three HTTP/9.9\r\nHost: x\r\n\r\n")
    server.raw(b"get /things?token=s3cret-four HTTP/1.1\r\nHost: x\r\n\r\n")
    server.raw(b"GET /?token=s3cret-five\r\n\r\n")
    server.raw(b"GET /things HTTP/1.1\r\nAuthorization Bearer s3cret-six\r\n\r\n")
    line_of(server, answered[1])
    assert "s3cret" not in server.log.read_text()


@pytest.mark.parametrize(
    "path", [b'/"},%0a{"a":"', b"/%0d%0a{}", b"/%1b[2J", b'/?q="%00\\', b"/\\u000a"]
)
def test_a_client_cannot_break_a_line(server, path):
    data = b"GET " + path + b' HTTP/1.1\r\nHost: x\r\nX-Request-ID: "}\r\n'
    data += b'User-Agent: "}\\n{\r\nConnection: close\r\n\r\n'
    before = len(lines(server))
    assert status(server.raw(data)) in {200, 404}
    wait_until(lambda: len(lines(server)) > before)
    assert lines(server)[-1]["path"] == path.decode()
    assert not [line for line in server.log.read_text().splitlines() if line[:1] not in "[{"]


@pytest.mark.sqlite
def test_a_traceback_stands_with_the_id_of_its_request(failing):
    code, headers, body = failing.request("GET", "/crash")
    assert code == line_of(failing, headers)["status"] == 500
    log = failing.log.read_text()
    assert f"request {headers['X-Request-ID']}: Exception on /crash [GET]\nTraceback" in log
    assert "for the log only" in log
    assert "for the log only" not in str(body)


@pytest.mark.sqlite
@pytest.mark.parametrize(("chunks", "code"), [(0, 500), (1, 200)])
def test_an_answer_that_breaks_off_has_one_line(failing, chunks, code):
    """gunicorn logs it twice if it can still send an error response."""
    answer = failing.raw(HEAD.replace(b"POST /things", b"GET /stream/%d" % chunks) + b"\r\n")
    assert status(answer) == code
    request_id = answer.partition(b"X-Request-ID: ")[2].partition(b"\r\n")[0].decode()
    assert line_of(failing, {"X-Request-ID": request_id})["status"] == code
    assert len(lines(failing, path=f"/stream/{chunks}")) == 1


def test_a_health_check_is_in_the_json_log(server):
    assert line_of(server, server.request("GET", "/healthz")[1])["path"] == "/healthz"
