"""The order of writers in a group commit, with fake transactions."""

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from flask_things.db.backend import Unavailable
from flask_things.db.sqlite import group_commit
from flask_things.db.sqlite.group_commit import GroupCommit
from tests.support.server import wait_until

pytestmark = pytest.mark.sqlite


class Transactions:
    """Fake transactions that record their events in order."""

    def __init__(self):
        self.log = []
        self.groups = GroupCommit(self.begin)
        self.breaks = None

    @contextmanager
    def begin(self, _end):
        """Run a block in a transaction."""
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
        """Write, and return the resulting error."""
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
    """Queue two writers behind a third, and return their results."""
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


def test_a_writer_that_arrives_before_the_transaction_begins_joins_it(transactions, monkeypatch):
    """The event loop reads the requests that have arrived while the first writer waits for them."""
    with ThreadPoolExecutor(1) as threads:
        second = []

        def arrive():
            if not second:
                second.append(threads.submit(transactions.write, "2"))
                wait_until(lambda: transactions.groups.waiting)

        monkeypatch.setattr(group_commit, "let_others_run", arrive)
        transactions.write("1")
        second[0].result()
    assert transactions.log[:4] == ["begin", "1", "2", "commit"]


def fail(_group):
    """Fail one writer."""
    raise KeyError


def test_no_writer_continues_before_the_commit(transactions):
    assert three(transactions) == [None] * 3
    assert sorted(transactions.log[1:4]) == ["1", "2", "3"]
    assert transactions.log[:1] + transactions.log[4:5] == ["begin", "commit"]


def test_an_error_of_one_is_raised_after_the_commit_of_the_others(transactions):
    first, second, third = three(transactions, second=fail)
    assert (first, type(second), third) == (None, KeyError, None)
    assert transactions.log.index("2 fails") > transactions.log.index("commit")


def test_a_commit_that_fails_fails_all(transactions):
    """Including the one that failed itself, because it has seen data that was never committed."""
    transactions.breaks = OSError()
    assert three(transactions, second=fail) == [transactions.breaks] * 3
    transactions.breaks = None
    assert transactions.write("4") is None


def test_no_writer_joins_a_rolled_back_transaction(transactions):
    def undo(group):
        group.error = OSError()

    first, second, third = three(transactions, first=undo)
    assert (type(first), second, third) == (OSError, None, None)
    assert transactions.log[:3] == ["begin", "1", "rollback"]


def test_a_late_writer_waits_for_the_next_transaction(transactions, monkeypatch):
    monkeypatch.setattr(group_commit, "OPEN_S", 0)
    assert three(transactions) == [None] * 3
    assert transactions.log.count("commit") == 3


def test_an_exclusive_writer_is_alone(transactions):
    assert three(transactions, alone=True) == [None] * 3
    place = transactions.log.index("2")
    assert transactions.log[place - 1 : place + 2] == ["begin", "2", "commit"]


def test_no_wait_exceeds_its_limit(transactions):
    with (
        transactions.groups.joined(20),
        pytest.raises(Unavailable),
        transactions.groups.joined(0.01),
    ):
        pass
    assert transactions.log == ["begin", "commit"]


def test_no_writer_is_left_in_a_group_whose_last_one_gives_up(transactions):
    """A waiting writer may give up at the moment it gets its turn."""

    def write_again_and_again(seed):
        chance = random.Random(seed)  # noqa: S311
        done = 0
        for _ in range(300):
            try:
                with transactions.groups.joined(chance.random() / 5000):
                    time.sleep(chance.random() / 5000)
                    done += 1
            except Unavailable:
                pass
        return done

    with ThreadPoolExecutor(8) as threads:
        done = sum(threads.map(write_again_and_again, range(8)))
    assert transactions.groups.waiting == 0
    assert transactions.log == ["begin", "commit"] * transactions.log.count("commit")
    assert 0 < done < 8 * 300
