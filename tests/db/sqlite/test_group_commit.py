"""Writers of one process that wait for their turn share a commit, and nothing else."""

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from fcntl import LOCK_EX, LOCK_NB, LOCK_UN, flock

import pytest
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from flask_things.db import errors
from flask_things.db.backend import CONNECTIONS, Away
from flask_things.db.session import backend_of, db, writing
from flask_things.db.sqlite import engine, group_commit
from flask_things.db.sqlite.file import FRAME_HEADER_BYTES, WAL_HEADER_BYTES
from flask_things.db.sqlite.files import beside
from flask_things.db.sqlite.group_commit import GroupCommit
from tests.support import things
from tests.support.disk import fill, mounted
from tests.support.server import wait_until

pytestmark = pytest.mark.sqlite

PAGE_BYTES = 4096


class Transactions:
    """Transactions of which nothing is real but what happens in them, in its order."""

    def __init__(self):
        self.log = []
        self.groups = GroupCommit(self.begin)
        self.breaks = None

    @contextmanager
    def begin(self, _end):
        """Run a block in one."""
        self.log.append("begin")
        try:
            yield "a connection"
            if self.breaks:
                raise self.breaks
        except Exception:
            self.log.append("rollback")
            raise
        self.log.append("commit")

    def write(self, name, does=None, **how):
        """Write, and return the error that comes of it."""
        try:
            with self.groups.joined(20, **how) as group:
                self.log.append(name)
                if does:
                    does(group)
        except Exception as error:  # noqa: BLE001
            self.log.append(f"{name} fails")
            return error
        self.log.append(f"{name} goes on")
        return None


@pytest.fixture
def transactions(monkeypatch):
    monkeypatch.setattr(group_commit, "OPEN_S", 20)  # a busy machine must not end a group
    return Transactions()


def three(transactions, first=lambda _group: None, second=None, **how):
    """Let two writers wait for a third that was first; return what becomes of each."""
    go_on = threading.Event()

    def wait_and_do(group):
        go_on.wait()
        first(group)

    with ThreadPoolExecutor(3) as threads:
        running = [threads.submit(transactions.write, "1", wait_and_do)]
        wait_until(lambda: transactions.log)
        running.append(threads.submit(transactions.write, "2", second, **how))
        running.append(threads.submit(transactions.write, "3"))
        wait_until(lambda: transactions.groups.waiting == 2)
        go_on.set()
        return [writer.result() for writer in running]


def fail(_group):
    """Do what is wrong with one writer."""
    raise KeyError


def test_none_goes_on_before_the_commit(transactions):
    assert three(transactions) == [None] * 3
    assert sorted(transactions.log[1:4]) == ["1", "2", "3"]
    assert transactions.log[:1] + transactions.log[4:5] == ["begin", "commit"]


def test_an_error_of_one_is_told_after_the_commit_of_the_others(transactions):
    first, second, third = three(transactions, second=fail)
    assert (first, type(second), third) == (None, KeyError, None)
    assert transactions.log.index("2 fails") > transactions.log.index("commit")


def test_a_commit_that_fails_fails_all(transactions):
    """Also the one that failed by itself: what it saw was not so."""
    transactions.breaks = OSError()
    assert three(transactions, second=fail) == [transactions.breaks] * 3
    transactions.breaks = None
    assert transactions.write("4") is None


def test_nobody_joins_a_transaction_that_was_undone(transactions):
    def undo(group):
        group.error = OSError()

    first, second, third = three(transactions, first=undo)
    assert (type(first), second, third) == (OSError, None, None)
    assert transactions.log[:3] == ["begin", "1", "rollback"]


def test_who_comes_late_waits_for_the_next_transaction(transactions, monkeypatch):
    monkeypatch.setattr(group_commit, "OPEN_S", 0)
    assert three(transactions) == [None] * 3
    assert transactions.log.count("commit") == 3


def test_who_is_to_be_alone_is(transactions):
    assert three(transactions, alone=True) == [None] * 3
    place = transactions.log.index("2")
    assert transactions.log[place - 1 : place + 2] == ["begin", "2", "commit"]


def test_no_wait_is_longer_than_it_may_be(transactions):
    with transactions.groups.joined(20), pytest.raises(Away), transactions.groups.joined(0.01):
        pass
    assert transactions.log == ["begin", "commit"]


def test_nobody_is_left_in_a_group_whose_last_one_gives_up(transactions):
    """Who waits may give up just when it is passed the turn."""

    def write_again_and_again(seed):
        chance = random.Random(seed)  # noqa: S311
        done = 0
        for _ in range(300):
            try:
                with transactions.groups.joined(chance.random() / 5000):
                    time.sleep(chance.random() / 5000)
                    done += 1
            except Away:
                pass
        return done

    with ThreadPoolExecutor(8) as threads:
        done = sum(threads.map(write_again_and_again, range(8)))
    assert transactions.groups.waiting == 0
    assert transactions.log == ["begin", "commit"] * transactions.log.count("commit")
    assert 0 < done < 8 * 300


def commits(file):
    """Return how many transactions are in the WAL: only their last frames tell a size."""
    wal = beside(file, "-wal").read_bytes()[WAL_HEADER_BYTES:]
    frames = range(0, len(wal), FRAME_HEADER_BYTES + PAGE_BYTES)
    return sum(wal[frame + 4 : frame + 8] != bytes(4) for frame in frames)


@pytest.fixture
def at_the_gate(app, file, monkeypatch):
    """Return a function that lets writers come to the gate in their order, and then opens it."""
    monkeypatch.setattr(group_commit, "OPEN_S", 20)  # the first statement of all takes longer

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
    assert commits(file) - before < 4  # one, but on a machine that is busy with others


def test_a_writer_that_fails_undoes_what_it_did_itself(app, at_the_gate):
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
    """Mount a small disk where the database goes."""
    with mounted(file.parent, "4m"):
        yield file.parent


@pytest.mark.usefixtures("disk")
@pytest.mark.parametrize("count", [2, 40])
def test_where_there_is_no_room_each_is_told_if_its_things_are_there(app, file, at_the_gate, count):
    """SQLite sees it at the commit; before, where its cache is too small, and then undoes all."""
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
    told = {thing.id for result in results if isinstance(result, list) for thing in result}
    with app.app_context():
        assert {thing.id for thing in things.list_things(session)} == {1} | told
        file.with_name("other").unlink()
        assert things.create_thing(session, text="x")


def test_a_wait_for_a_connection_does_not_stop_other_processes(short_wait, app, file):
    """The connection is taken before the lock that all processes share."""

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


def test_a_failure_to_undo_a_part_undoes_the_whole_group(app, at_the_gate, monkeypatch):
    """What cannot be undone by itself must not be committed."""

    def broken(session):
        with writing(session):
            things.create_thing(session, text="half done")
            monkeypatch.setattr(engine, "_driver_connection", raise_error)
            raise KeyError

    def raise_error(_connection):
        monkeypatch.undo()
        raise OSError

    results = at_the_gate(lambda session: things.create_thing(session, text="1"), broken)
    assert [type(result) for result in results] == [Away, Away]
    with app.app_context():
        assert things.list_things(db.session) == []
        assert things.create_thing(db.session, text="2").text == "2"
