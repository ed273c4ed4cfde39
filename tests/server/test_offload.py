"""Slow statements run in threads, a few at a time, and all errors reach the caller."""

import io
import threading
from contextlib import ExitStack
from pathlib import Path

import gevent
import pytest
from flask import current_app
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from flask_things.db.backend import SLOW_QUERIES
from flask_things.db.session import backend_of, db
from flask_things.server.offload import Threads
from tests.support.things import THINGS


class FullDisk(io.StringIO):
    """A stream that cannot be written."""

    def write(self, _text):
        """Fail."""
        raise OSError(28, "No space left on device")


def fail():
    raise KeyError("a reason")


def in_gevent(function, *arguments):
    """Return a function's result, run in a thread with its own event loop."""
    results = []
    thread = threading.Thread(target=lambda: results.append(function(*arguments)))
    thread.start()
    thread.join(20)
    return results[0]


def test_an_error_reaches_the_caller_though_stderr_cannot_be_written():
    def call():
        gevent.get_hub().exception_stream = FullDisk()
        with pytest.raises(KeyError, match="a reason"):
            Threads(1)(fail)
        return Threads(1)(len, "abc")

    assert in_gevent(call) == 3


@pytest.mark.sqlite
def test_a_thread_knows_the_application_of_its_caller(app):
    """A fork's field may need it, because threads also convert rows."""

    def call():
        with app.app_context():
            return Threads(1)(lambda: current_app.name)

    assert in_gevent(call) == app.name


def test_a_caller_that_is_killed_waits_for_its_thread():
    """The thread still uses a connection that the caller would release."""

    def call():
        threads, may_end, log = Threads(1), threading.Event(), []

        def slow():
            may_end.wait(20)
            log.append("thread")

        def caller():
            try:
                threads(slow)
            finally:
                log.append("caller")

        running = gevent.spawn(caller)
        gevent.sleep(0)
        running.kill(block=False)
        gevent.sleep(0)
        may_end.set()
        running.join(20)
        return log

    assert in_gevent(call) == ["thread", "caller"]


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="there is no /proc to read")
def test_all_threads_are_there_before_the_first_call():
    """If gevent cannot start a thread, it leaves the call in its queue."""

    def count():
        return len(list(Path("/proc/self/task").iterdir()))

    def started():
        before, threads = count(), Threads(3)
        return count() - before, threads

    assert in_gevent(started)[0] == 3


@pytest.fixture
def busy(short_wait, app):
    """Occupy all slots for slow queries."""
    with ExitStack() as stack, app.app_context():
        for _ in range(SLOW_QUERIES):
            stack.enter_context(backend_of(db.session).offload.slow_query())
        yield


@pytest.mark.usefixtures("short_wait", "busy")
@pytest.mark.parametrize(
    "path", ["/things?total=true", "/things?q=ab", "/things?q=abc&sort=text", "/things.csv?q=abc"]
)
def test_a_slow_query_that_waits_too_long_is_503(client, path):
    response = client.get(path)
    assert (response.status_code, response.headers["Retry-After"]) == (503, "1")


@pytest.mark.usefixtures("busy")
@pytest.mark.parametrize("path", ["/things", "/things?sort=-text", "/things.csv", "/readyz"])
def test_slow_queries_stop_nothing_else(client, path):
    assert client.get(path).status_code == 200
    assert client.post("/things", json={"text": "x"}).status_code == 201


@pytest.mark.parametrize("q", ["a", "abc"])
@pytest.mark.parametrize("sort", ["id", "created_at", "updated_at", "text", "-text"])
@pytest.mark.parametrize("after", [None, ("x", 1)])
def test_every_page_of_a_search_is_offloaded(app, q, sort, after):
    with app.app_context():
        query, _ = THINGS.collection.queries.page(
            db.engine.dialect.name, sort=sort, q=q, after=after, limit=10
        )
    assert query.get_execution_options()["takes_long"]


def test_an_error_does_not_quote_users_texts(app):
    with app.app_context(), pytest.raises(SQLAlchemyError) as raised:
        db.session.execute(text("INSERT INTO missing VALUES (:text)"), {"text": "a secret"})
    assert "a secret" not in str(raised.value)


@pytest.mark.postgresql
def test_an_error_does_not_quote_the_row(app):
    insert = text("INSERT INTO thing (text, created_at, updated_at) VALUES (:text, NULL, now())")
    with app.app_context(), pytest.raises(SQLAlchemyError) as raised:
        db.session.execute(insert, {"text": "a secret"})
    assert "null value" in str(raised.value)
    assert "a secret" not in f"{raised.value} {raised.value.orig}"
