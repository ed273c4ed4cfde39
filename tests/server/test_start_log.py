"""What the server logs when it starts, for the person who started it."""

import pytest

from flask_things import create_app
from flask_things.migrations import prepare
from flask_things.server.start import COUNTED_MAX, log_database
from flask_things.setting_values import database_url, without_password
from tests.support.server import wait_until


def logged(server):
    """Return the log of a server once it is written."""
    wait_until(lambda: "Stop with Ctrl-C" in server.log.read_text())
    return server.log.read_text()


@pytest.mark.sqlite
def test_a_new_database_is_called_new_and_later_its_things_are_counted(serve, file):
    server = serve()
    assert f"Database: sqlite:///{file} (new)\n" in logged(server)
    server.request("POST", "/things", {"text": "x"})
    server.stop()
    server = serve()
    assert f"Database: sqlite:///{file} (1 things)\n" in logged(server)
    server.request("DELETE", "/things/1")
    server.stop()
    assert f"Database: sqlite:///{file} (0 things)\n" in logged(serve())


class Log:
    """A log that keeps its lines."""

    def __init__(self):
        self.lines = []

    def info(self, message, *arguments):
        """Keep a line."""
        self.lines.append(message % arguments)


def test_a_database_with_things_is_not_called_new(app, client):
    """It may have just been converted from the tutorial."""
    client.post("/things", json={"text": "x"})
    log = Log()
    log_database(log, app, is_new=True)
    assert " (1 things" in log.lines[0]


def test_a_large_table_is_not_counted_to_its_end(app, client, monkeypatch):
    monkeypatch.setattr("flask_things.server.start.COUNTED_MAX", 2)
    client.post("/things/bulk", json=[{"text": "x"}] * 3)
    log = Log()
    log_database(log, app, is_new=False)
    assert " (more than 2 things" in log.lines[0]
    assert COUNTED_MAX == 1_000_000


@pytest.mark.sqlite
def test_only_the_first_start_finds_no_schema(environ):
    assert [prepare(create_app(environ)) for _ in range(2)] == [True, False]


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://things:s3cret@db.example/things",
        "postgresql://db.example/things?user=things&password=s3cret&sslpassword=s3cret",
    ],
)
def test_no_password_of_a_database_is_logged(url):
    shown = without_password(database_url(url))
    assert "s3cret" not in shown
    assert "db.example/things" in shown


ACCESS = {
    "off": "Anyone on this machine can read and write",
    "write": "Anyone can read; writing requires a token",
    "all": "Reading and writing require a token",
}


@pytest.mark.sqlite
@pytest.mark.parametrize("mode", ACCESS)
def test_the_urls_and_who_may_write_are_logged(serve, mode):
    server = serve(THINGS_AUTH=mode)
    url = f"http://127.0.0.1:{server.port}/"
    assert f"Open {url} (documentation: {url}docs)\n" in logged(server)
    assert ACCESS[mode] in logged(server)
    assert "WARNING" not in logged(server)


@pytest.mark.sqlite
def test_the_urls_have_the_path_below_which_everything_is(serve):
    server = serve(SCRIPT_NAME="/api", wait=False)
    assert f"Open http://127.0.0.1:{server.port}/api/ " in logged(server)


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("published", "url"),
    [("0.0.0.0:80", "http://localhost:80/"), ("[2001:db8::1]:81", "http://[2001:db8::1]:81/")],
)
def test_a_server_that_is_open_to_others_by_choice_warns(serve, published, url):
    server = serve(THINGS_PUBLISHED=published, THINGS_AUTH="off")
    assert f"Open {url} " in logged(server)
    assert "[WARNING] THINGS_AUTH is off: anyone who can reach " in logged(server)
