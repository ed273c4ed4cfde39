"""Writers that wait for the write lock share a commit, but nothing else."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from fcntl import LOCK_EX, LOCK_NB, LOCK_UN, flock

import pytest
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from flask_things.db import errors
from flask_things.db.backend import CONNECTIONS, Unavailable
from flask_things.db.session import backend_of, db, writing
from flask_things.db.sqlite import engine, group_commit
from flask_things.db.sqlite.file import FRAME_HEADER_BYTES, WAL_HEADER_BYTES
from flask_things.db.sqlite.files import beside
from tests.support import things
from tests.support.disk import fill, mounted
from tests.support.server import wait_until

pytestmark = pytest.mark.sqlite

PAGE_BYTES = 4096


def commits(file):
    """Return the number of transactions in the WAL: only the last frame of each has a size."""
    wal = beside(file, "-wal").read_bytes()[WAL_HEADER_BYTES:]
    frames = range(0, len(wal), FRAME_HEADER_BYTES + PAGE_BYTES)
    return sum(wal[frame + 4 : frame + 8] != bytes(4) for frame in frames)


@pytest.fixture
def at_the_gate(app, file, monkeypatch):
    """Return a function that queues writers in order, and then releases the lock."""
    monkeypatch.setattr(group_commit, "OPEN_S", 20)  # the first statement takes longer

    def run(*writers):
        def in_app(write):
            with app.app_context():
                try:
                    return write(db.session)
                except Exception as error:  # noqa: BLE001
                    return error

        with app.app_context():
            waiting = backend_of(db.session).groups
        with ThreadPoolExecutor(len(writers)) as threads:
            with beside(file, "-gate").open("a") as gate:
                flock(gate, LOCK_EX)
                running = []
                for before, write in enumerate(writers):
                    running.append(threads.submit(in_app, write))
                    wait_until(lambda: waiting._turn.locked() and waiting.waiting == before)  # noqa: B023
            return [write.result() for write in running]

    return run


def test_writers_that_wait_are_one_commit(app, file, at_the_gate):
    with app.app_context():
        things.create_thing(db.session, text="first")
    before = commits(file)
    at_the_gate(*[lambda session: things.create_thing(session, text="x")] * 8)
    with app.app_context():
        assert len(things.list_things(db.session)) == 9
    assert commits(file) - before < 4  # one, unless the machine is busy


def test_a_failing_writer_rolls_back_only_its_own_changes(app, at_the_gate):
    def two(session):
        with writing(session):
            things.create_thing(session, text="undone")
            session.add(things.Thing(text="undone, too"))
            things.delete_thing(session, 99)

    results = at_the_gate(
        lambda session: things.create_thing(session, text="1").text,
        two,
        lambda session: things.create_thing(session, text="2").text,
    )
    assert [results[0], type(results[1]), results[2]] == ["1", things.NotFound, "2"]
    with app.app_context():
        texts = {thing.text for thing in things.list_things(db.session)}
    assert texts == {"1", "2"}


@pytest.fixture
def disk(file):
    """Mount a small disk at the database's folder."""
    with mounted(file.parent, "4m"):
        yield file.parent


@pytest.mark.usefixtures("disk")
@pytest.mark.parametrize("count", [2, 40])
def test_on_a_full_disk_each_writer_learns_if_its_things_are_stored(app, file, at_the_gate, count):
    """SQLite notices at the commit, or earlier if its cache is too small, and then rolls back."""
    session = db.session
    with app.app_context():
        things.create_thing(session, text="first")
    fill(file.with_name("other"))
    results = at_the_gate(
        lambda session: [things.create_thing(session, text="small")],
        lambda session: things.create_things(session, [{"text": "x" * 100_000}] * count),
        lambda session: [things.create_thing(session, text="small")],
    )
    assert errors.is_full(results[1])
    assert all(isinstance(result, list) or errors.is_full(result) for result in results)
    acknowledged = {thing.id for result in results if isinstance(result, list) for thing in result}
    with app.app_context():
        assert {thing.id for thing in things.list_things(session)} == {1} | acknowledged
        file.with_name("other").unlink()
        assert things.create_thing(session, text="x")


def test_a_wait_for_a_connection_does_not_stop_other_processes(short_wait, app, file):
    """A writer connects before it takes the lock that all processes share."""

    def write():
        with app.app_context():
            things.create_thing(db.session, text="x")

    with app.app_context(), ExitStack() as stack, ThreadPoolExecutor(1) as thread:
        for _ in range(2 * CONNECTIONS):
            stack.enter_context(db.engine.connect())
        with beside(file, "-gate").open() as gate:
            writing = thread.submit(write)
            while not writing.done():
                flock(gate, LOCK_EX | LOCK_NB)
                flock(gate, LOCK_UN)
        assert isinstance(writing.exception(), PoolTimeoutError)


def test_a_failed_partial_rollback_rolls_back_the_whole_group(app, at_the_gate, monkeypatch):
    """A part that cannot be rolled back must not be committed."""

    def broken(session):
        with writing(session):
            things.create_thing(session, text="half done")
            monkeypatch.setattr(engine, "driver_connection", raise_error)
            raise KeyError

    def raise_error(_connection):
        monkeypatch.undo()
        raise OSError

    results = at_the_gate(lambda session: things.create_thing(session, text="1"), broken)
    assert [type(result) for result in results] == [Unavailable, Unavailable]
    with app.app_context():
        assert things.list_things(db.session) == []
        assert things.create_thing(db.session, text="2").text == "2"
