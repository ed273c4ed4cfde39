"""PostgreSQL: the engine's settings and transactions."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from threading import BoundedSemaphore
from typing import Any

from sqlalchemy import (
    URL,
    Connection,
    Engine,
    ExceptionContext,
    FromClause,
    cast,
    event,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import REGCLASS

from flask_things.db.backend import CONNECTIONS, AnySession, Offload, Unusable, joining, slot
from flask_things.observability.timing import timed

#: PostgreSQL's code for a write on a read-only server.
READ_ONLY = "25006"

#: How long to wait for each server when connecting, in seconds. There may be several.
CONNECT_TIMEOUT_S = 2

#: The longest time for one statement, in milliseconds. Each part of an export is one.
STATEMENT_TIMEOUT_MS = 30_000

#: The most writes that may wait for rows. The other connections are left for reads.
WRITERS = CONNECTIONS * 3 // 4

#: The advisory lock for schema changes: any number that no other program uses.
MIGRATION_LOCK = 7_418_529_630


class PostgreSQL:
    """A PostgreSQL database on one server, or on several of which one accepts writes."""

    def __init__(self, url: URL, *, busy_timeout_ms: int) -> None:
        """Parameters of the URL override our defaults."""
        self.offload = Offload(busy_timeout_ms / 1000)
        self._busy_timeout_ms = busy_timeout_ms
        self._writers = BoundedSemaphore(WRITERS)
        limits = {"lock_timeout": busy_timeout_ms, "statement_timeout": STATEMENT_TIMEOUT_MS}
        options = [f"-c {name}={limit}" for name, limit in limits.items()]
        defaults: dict[str, Any] = {
            "application_name": "flask-things",
            "client_encoding": "utf8",  # for any encoding of the database, user or environment
            "connect_timeout": CONNECT_TIMEOUT_S,
            # Detect a machine that disappears within seconds, also on idle connections.
            "keepalives_idle": 1,
            "keepalives_interval": 1,
            "keepalives_count": 3,
            "tcp_user_timeout": 3000,
            # Do not prepare statements: each gets a plan for its values, and a connection pooler
            # such as PgBouncer may be in between.
            "prepare_threshold": None,
        }
        self._connect_args = {
            **{name: value for name, value in defaults.items() if name not in url.query},
            "options": " ".join([*options, str(url.query.get("options", ""))]),
        }

    def engine_options(self) -> dict[str, Any]:
        """Return the arguments for SQLAlchemy's engine."""
        return {
            "connect_args": self._connect_args,
            "pool_pre_ping": True,  # replaces connections that a restart of the server has closed
            "pool_size": CONNECTIONS,
            "max_overflow": CONNECTIONS,
            "hide_parameters": True,  # users' texts must not get into the log
            "pool_timeout": CONNECT_TIMEOUT_S,
        }

    def listen(self, engine: Engine) -> None:
        """Register the error handler."""
        self._engine = engine
        event.listen(engine, "handle_error", self._handle_error)

    def _handle_error(self, context: ExceptionContext) -> None:
        error: Any = context.original_exception
        if getattr(error, "sqlstate", None) == READ_ONLY:
            context.is_disconnect = True  # another server may be the primary now
        if detail := getattr(getattr(error, "diag", None), "message_detail", None):
            errors: list[Any] = [error, context.sqlalchemy_exception]
            for quoting in errors:  # the row, which has users' texts
                message, *others = quoting.args
                quoting.args = (message.replace(detail, "(hidden)"), *others)

    @contextmanager
    def writing(self, session: AnySession, *, alone: bool) -> Iterator[Connection]:
        """Run a block as one transaction, in which reads lock their rows.

        Some connections are left for reads, even if all writers wait. Raises Unavailable.
        """
        with ExitStack() as stack:
            with timed("gate"):
                stack.enter_context(slot(self._writers, self._busy_timeout_ms / 1000, "writes"))
            connection = stack.enter_context(self._engine.begin())
            stack.enter_context(joining(session))
            yield connection

    def limit_wait(self, connection: Connection) -> None:
        """Limit the statements that follow: a queue for a row can mean two waits for locks."""
        limit = func.set_config("statement_timeout", str(self._busy_timeout_ms), True)
        connection.execute(select(limit))

    @contextmanager
    def reader(self) -> Iterator[Any]:
        """Lend a connection that the pool has checked."""
        connection = self._engine.raw_connection()
        try:
            yield connection
        except BaseException:
            connection.invalidate()
            raise
        connection.close()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Run the block in a transaction that reads from one snapshot."""
        with self._engine.connect() as connection:
            yield connection.execution_options(isolation_level="REPEATABLE READ")

    def take_turns(self, connection: Connection, name: str) -> None:
        """Take an advisory lock by name, which ends with the transaction."""
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))

    @contextmanager
    def importing(self, connection: Connection, table: FromClause) -> Iterator[None]:
        """Run the block while no others can insert. Then move the sequence past the highest id."""
        name = connection.dialect.identifier_preparer.format_table(table)
        connection.exec_driver_sql(f"LOCK {name} IN SHARE ROW EXCLUSIVE MODE")
        yield
        ids = cast(func.pg_get_serial_sequence(name, "id"), REGCLASS)
        top = select(func.max(table.c.id)).scalar_subquery()
        connection.execute(
            select(func.setval(ids, func.greatest(top, func.pg_sequence_last_value(ids))))
        )

    def version(self) -> None:
        """Return nothing: a query to the server would cost what the cache saves."""

    def changes(self, since: int) -> None:
        """Return nothing, like `version`."""

    def is_sound(self) -> bool:
        """Return True: the server detects damage."""
        return True

    def why_read_only(self) -> str:
        """Return an empty string: the server responds to each write itself."""
        return ""

    def examine(self) -> None:
        """Raise Unusable if the database's encoding cannot store every text."""
        with self._engine.connect() as connection:
            encoding = connection.exec_driver_sql("SHOW server_encoding").scalar()
        if encoding != "UTF8":
            raise Unusable(f"Its encoding is {encoding}. Create it with ENCODING 'UTF8'.")

    def is_made(self) -> bool:
        """Return True: administrators create PostgreSQL databases."""
        return True

    def making(self) -> AbstractContextManager[None]:
        """Do nothing: other starts wait in begin_migration."""
        return nullcontext()

    def leave(self) -> None:
        """Do nothing: there are no files to clean up."""

    def begin_migration(self, connection: Connection) -> None:
        """Begin the transaction that changes the schema, without timeouts."""
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
        connection.exec_driver_sql("SET LOCAL lock_timeout = 0")
        connection.execute(select(func.pg_advisory_xact_lock(MIGRATION_LOCK)))
