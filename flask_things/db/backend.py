"""What a database must be able to do: SQLite (sqlite.py) and PostgreSQL (postgresql.py) each do."""

from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from threading import BoundedSemaphore
from typing import Any, NamedTuple, Protocol

from sqlalchemy import Connection, Engine, FromClause
from sqlalchemy.orm import Session, scoped_session

#: How many connections to the database a worker keeps, and how many more it may open for a while.
CONNECTIONS = 16

#: How many slow queries a worker executes at a time: each has a thread, and a connection whose page
#: cache it fills. The others wait.
SLOW_QUERIES = 2

#: How many exports a worker serves at a time: each keeps a connection for as long as its client
#: reads. The other connections are left for reads, writes and /readyz.
EXPORTS = 8

AnySession = Session | scoped_session[Any]


def made(session: AnySession) -> Session | None:
    """Return the session that a proxy stands for, if it was used: most requests need none."""
    if isinstance(session, scoped_session):
        return session() if session.registry.has() else None
    return session


@contextmanager
def joining(session: AnySession) -> Iterator[None]:
    """Commit what a session has done as a part of a transaction in the block, or undo it."""
    try:
        yield
        if own := made(session):
            own.commit()
    except BaseException:
        if own := made(session):
            own.rollback()
        raise


class Refused(RuntimeError):
    """Something cannot or must not be done; the message says why, in one line.

    gunicorn and Flask-Migrate print the message of a RuntimeError and exit with 1.
    """


class Away(Refused):
    """The database cannot be used now (503)."""


class Unusable(Refused):
    """The database cannot be used at all: says in one line why, and what to do. No start."""


@contextmanager
def place(places: BoundedSemaphore, timeout_s: float, what: str) -> Iterator[None]:
    """Hold one of a limited number of places during the block.

    Raises Away (503) if none becomes free in time.
    """
    if not places.acquire(timeout=timeout_s):
        raise Away(f"too many {what} at once")
    try:
        yield
    finally:
        places.release()


def call_directly(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function in this thread."""
    return function(*arguments)


class Offload:
    """How slow statements are executed: off the event loop, a few at a time."""

    def __init__(self, timeout_s: float) -> None:
        #: What calls a slow function. A server with an event loop replaces it (offload.py).
        self.call = call_directly
        self._timeout_s = timeout_s
        self._slow_queries = BoundedSemaphore(SLOW_QUERIES)
        self._exports = BoundedSemaphore(EXPORTS)

    def slow_query(self) -> AbstractContextManager[None]:
        """Let few slow queries run at a time. Take it before the connection. Raises Away (503)."""
        return place(self._slow_queries, self._timeout_s, "slow queries")

    def export(self) -> AbstractContextManager[None]:
        """Let few exports be open at a time. Raises Away (503) at once: each may take minutes."""
        return place(self._exports, 0, "exports")


class Changes(NamedTuple):
    """What was committed after a position in the journal."""

    #: What is another after every commit.
    version: Hashable
    #: The newest position in the journal, of the same moment as the version.
    position: int
    #: The table and id of each row that has changed; None where more than that may have changed.
    rows: Sequence[tuple[str, int]] | None


class Backend(Protocol):
    """One database, as all workers of a server use it."""

    offload: Offload

    def engine_options(self) -> dict[str, Any]:
        """Return what SQLAlchemy's engine is to be made with."""

    def listen(self, engine: Engine) -> None:
        """Begin to watch what happens to the engine."""

    def writing(self, session: AnySession, *, alone: bool) -> AbstractContextManager[Connection]:
        """Run a block as one transaction, and what the session has done as a part of it.

        Raises Away where it cannot begin, or may not end.
        """

    def reader(self) -> AbstractContextManager[Any]:
        """Lend a connection of the driver for a quick read by itself.

        Raises Away and the driver's errors.
        """

    def reading(self) -> AbstractContextManager[Connection]:
        """Run a block as one transaction that sees one moment."""

    def take_turns(self, connection: Connection, name: str) -> None:
        """Wait until no other transaction that writes has taken this name, and take it."""

    def limit_wait(self, connection: Connection) -> None:
        """Let what follows in a transaction that writes wait no longer for rows than it may."""

    def importing(self, connection: Connection, table: FromClause) -> AbstractContextManager[None]:
        """Run a block that stores rows with ids of its own; no id is given twice."""

    def version(self) -> Hashable:
        """Return what is another after every commit of any process; None if it cannot be told."""

    def changes(self, since: int) -> Changes | None:
        """Return what was committed after a position in the journal, or None if that is unknown."""

    def is_sound(self) -> bool:
        """Tell whether no worker of this server has met damage."""

    def why_read_only(self) -> str:
        """Return in a sentence why nothing can be written, or nothing."""

    def examine(self) -> None:
        """Look at what can be seen before a start; raise Unusable. Nothing is changed."""

    def is_made(self) -> bool:
        """Tell whether there is a database, in the state that `making` leaves it in."""

    def making(self) -> AbstractContextManager[None]:
        """Make the database where there is none, and keep other starts out of the block."""

    def leave(self) -> None:
        """Tidy up when the last worker has ended."""

    def begin_migration(self, connection: Connection) -> None:
        """Begin the one transaction that changes the schema; all others wait for its end."""
