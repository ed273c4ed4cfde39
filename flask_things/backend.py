"""What a database must be able to do: SQLite (sqlite.py) and PostgreSQL (postgresql.py) each do."""

import threading
from collections.abc import Callable, Hashable
from contextlib import AbstractContextManager
from typing import Any, Protocol

from sqlalchemy import Connection, Engine, FromClause
from sqlalchemy.orm import Session, scoped_session

from flask_things.limits import ASIDES

AnySession = Session | scoped_session[Any]


class Refused(RuntimeError):
    """Something cannot or must not be done; the message says why, in one line.

    gunicorn and Flask-Migrate print the message of a RuntimeError and exit with 1.
    """


class Away(Refused):
    """The database cannot be used now (503)."""


class Unusable(Refused):
    """The database cannot be used at all: says in one line why, and what to do. No start."""


def at_once(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    """Call a function with its arguments here and now."""
    return function(*arguments)


class Aside:
    """How what takes long is done."""

    def __init__(self) -> None:
        #: What calls a function: the server sets it, where the other requests of a thread would
        #: have to wait meanwhile.
        self.call = at_once
        #: What is held meanwhile, from before there is a connection.
        self.turn = threading.BoundedSemaphore(ASIDES)


class Backend(Protocol):
    """One database, as all workers of a server use it."""

    aside: Aside

    def engine_options(self) -> dict[str, Any]:
        """Return what SQLAlchemy's engine is to be made with."""

    def listen(self, engine: Engine) -> None:
        """Begin to watch what happens to the engine."""

    def writing(self, session: Session, *, alone: bool) -> AbstractContextManager[Connection]:
        """Run a block as one transaction; raise Away where it cannot begin, or may not end."""

    def reading(self, session: AnySession) -> AbstractContextManager[Connection]:
        """Run a block as one transaction that sees one moment."""

    def take_turns(self, session: AnySession, name: str) -> None:
        """Wait until no other transaction that writes has taken this name, and take it."""

    def limit_wait(self, session: AnySession) -> None:
        """Let what follows in a transaction that writes wait no longer for rows than it may."""

    def importing(self, session: AnySession, table: FromClause) -> AbstractContextManager[None]:
        """Run a block that stores rows with ids of its own; no id is given twice."""

    def version(self) -> Hashable:
        """Return what is another after every commit of any process; None if it cannot be told."""

    def is_sound(self) -> bool:
        """Tell whether no worker of this server has met damage."""

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
