"""The interface of a database. sqlite/engine.py and postgresql.py implement it."""

from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from threading import BoundedSemaphore
from typing import Any, NamedTuple, Protocol

from sqlalchemy import Connection, Engine, FromClause
from sqlalchemy.orm import Session, scoped_session

#: The connections that a worker keeps open. It may open as many again for a short time.
CONNECTIONS = 16

#: The slow queries that a worker runs at once; others wait. Each takes a thread and a connection
#: with its page cache.
SLOW_QUERIES = 2

#: The exports that a worker serves at once. Each keeps a connection while its client reads; the
#: other connections are for reads, writes and /readyz.
EXPORTS = 8

AnySession = Session | scoped_session[Any]


def made(session: AnySession) -> Session | None:
    """Return the session behind a proxy, or None if it was not used. Most requests need none."""
    if isinstance(session, scoped_session):
        return session() if session.registry.has() else None
    return session


@contextmanager
def joining(session: AnySession) -> Iterator[None]:
    """Commit the session's changes as part of the block's transaction, or roll them back."""
    try:
        yield
        if own := made(session):
            own.commit()
    except BaseException:
        if own := made(session):
            own.rollback()
        raise


class Refused(RuntimeError):
    """An operation was refused; the message is one line with the reason.

    gunicorn and Flask-Migrate print the message of a RuntimeError and exit with 1.
    """


class Unavailable(Refused):
    """The database is unavailable now (503)."""


class Unusable(Refused):
    """The database cannot be used, and the server does not start. The message says what to do."""


@contextmanager
def slot(slots: BoundedSemaphore, timeout_s: float, activity: str) -> Iterator[None]:
    """Hold one of a limited number of slots during the block.

    Raises Unavailable (503) if none becomes free in time.
    """
    if not slots.acquire(timeout=timeout_s):
        raise Unavailable(f"too many {activity} at once")
    try:
        yield
    finally:
        slots.release()


def call_directly(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function in this thread."""
    return function(*arguments)


class Offload:
    """Runs slow statements off the event loop, a few at a time."""

    def __init__(self, timeout_s: float) -> None:
        #: Calls a slow function. A server with an event loop replaces it (offload.py).
        self.call = call_directly
        self._timeout_s = timeout_s
        self._slow_queries = BoundedSemaphore(SLOW_QUERIES)
        self._exports = BoundedSemaphore(EXPORTS)

    def slow_query(self) -> AbstractContextManager[None]:
        """Limit concurrent slow queries. Enter it before connecting. Raises Unavailable (503)."""
        return slot(self._slow_queries, self._timeout_s, "slow queries")

    def export(self) -> AbstractContextManager[None]:
        """Limit open exports. Raises Unavailable (503) at once, because each may take minutes."""
        return slot(self._exports, 0, "exports")


class Changes(NamedTuple):
    """The changes that were committed after a journal position."""

    #: A value that changes with every commit.
    version: Hashable
    #: The newest journal position at the moment of the version.
    position: int
    #: The table and id of each changed row, or None if more may have changed.
    rows: Sequence[tuple[str, int]] | None


class Backend(Protocol):
    """The database, shared by all workers of a server."""

    offload: Offload

    def engine_options(self) -> dict[str, Any]:
        """Return the arguments for SQLAlchemy's engine."""

    def listen(self, engine: Engine) -> None:
        """Register event handlers on the engine."""

    def writing(self, session: AnySession, *, alone: bool) -> AbstractContextManager[Connection]:
        """Run a block as one transaction that includes the session's changes.

        Raises Unavailable if it cannot begin or commit.
        """

    def reader(self) -> AbstractContextManager[Any]:
        """Lend a pooled connection for one quick read.

        Raises Unavailable and the driver's errors.
        """

    def reading(self) -> AbstractContextManager[Connection]:
        """Run a block in one transaction that reads from one snapshot."""

    def take_turns(self, connection: Connection, name: str) -> None:
        """Wait until no other writing transaction holds this name, and hold it."""

    def limit_wait(self, connection: Connection) -> None:
        """Limit how long the rest of a writing transaction waits for rows."""

    def importing(self, connection: Connection, table: FromClause) -> AbstractContextManager[None]:
        """Run a block that stores rows with given ids. New ids will not collide with them."""

    def version(self) -> Hashable:
        """Return a value that changes with every commit of any process, or None if unknown."""

    def changes(self, since: int) -> Changes | None:
        """Return the changes after a journal position, or None if they are unknown."""

    def is_sound(self) -> bool:
        """Return whether no worker of this server has found damage."""

    def why_read_only(self) -> str:
        """Return why the database is read-only, as a sentence, or an empty string."""

    def examine(self) -> None:
        """Check the database before the start. Raises Unusable. It changes nothing."""

    def is_made(self) -> bool:
        """Return whether the database exists in the state after `making`."""

    def making(self) -> AbstractContextManager[None]:
        """Create a missing database, and lock out other starting servers during the block."""

    def leave(self) -> None:
        """Clean up after the last worker has ended."""

    def begin_migration(self, connection: Connection) -> None:
        """Begin the transaction that changes the schema. Other transactions wait for its end."""


#: The key of the backend in the execution options of an engine.
BACKEND = "backend"


def engine_backend(engine: Engine) -> Backend:
    """Return the backend of an engine."""
    return engine.get_execution_options()[BACKEND]  # type: ignore[no-any-return]
