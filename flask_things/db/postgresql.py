"""PostgreSQL: how the engine is set up, and how transactions begin."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from threading import BoundedSemaphore
from time import monotonic
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

from flask_things.db.backend import CONNECTIONS, AnySession, Offload, Unusable, joining, place
from flask_things.observability.timing import timed

#: PostgreSQL's code for a write on a server that only reads.
READ_ONLY = "25006"

#: How long to wait for one server to answer a new connection, in seconds; there may be several.
CONNECT_TIMEOUT_S = 2

#: How long one statement may take, in milliseconds. Of an export, each part is one.
STATEMENT_TIMEOUT_MS = 30_000

#: How many writes may wait for a row at a time. The other connections are left for who reads.
WRITERS = CONNECTIONS * 3 // 4

#: How long others wait for writes of which none begins or ends, in seconds.
HASTE_S = 0.5

#: What all starts that change the schema take turns by: any number that nobody else takes.
MIGRATION_LOCK = 7_418_529_630


class PostgreSQL:
    """A database on a server, or on several of which one takes writes."""

    def __init__(self, url: URL, *, busy_timeout_ms: int) -> None:
        """Take the URL, whose own parameters go before ours, and the longest wait for a lock."""
        self.offload = Offload(busy_timeout_ms / 1000)
        self._busy_timeout_ms = busy_timeout_ms
        self._writers = BoundedSemaphore(WRITERS)
        self._moved = monotonic()  # when a write has begun or ended
        limits = {"lock_timeout": busy_timeout_ms, "statement_timeout": STATEMENT_TIMEOUT_MS}
        options = [f"-c {name}={limit}" for name, limit in limits.items()]
        defaults: dict[str, Any] = {
            "application_name": "flask-things",
            "client_encoding": "utf8",  # whatever the database, the user or the environment has
            "connect_timeout": CONNECT_TIMEOUT_S,
            # A machine that has vanished is noticed within seconds, by an idle connection, too.
            "keepalives_idle": 1,
            "keepalives_interval": 1,
            "keepalives_count": 3,
            "tcp_user_timeout": 3000,
            # No statement is kept prepared: each is planned for what it looks for, and a pooler
            # that hands a connection round may stand in between.
            "prepare_threshold": None,
        }
        self._connect_args = {
            **{name: value for name, value in defaults.items() if name not in url.query},
            "options": " ".join([*options, str(url.query.get("options", ""))]),
        }

    def engine_options(self) -> dict[str, Any]:
        """Return what SQLAlchemy's engine is to be made with."""
        return {
            "connect_args": self._connect_args,
            "pool_pre_ping": True,  # after a restart of the server nobody meets a dead connection
            "pool_size": CONNECTIONS,
            "max_overflow": CONNECTIONS,
            "hide_parameters": True,  # the log is not for what users write
            "pool_timeout": CONNECT_TIMEOUT_S,
        }

    def listen(self, engine: Engine) -> None:
        """Look at every error."""
        self._engine = engine
        event.listen(engine, "handle_error", self._handle_error)

    def _handle_error(self, context: ExceptionContext) -> None:
        error: Any = context.original_exception
        if getattr(error, "sqlstate", None) == READ_ONLY:
            context.is_disconnect = True  # another server may be the primary by now
        if detail := getattr(getattr(error, "diag", None), "message_detail", None):
            errors: list[Any] = [error, context.sqlalchemy_exception]
            for quoting in errors:  # the row, with what users write
                message, *others = quoting.args
                quoting.args = (message.replace(detail, "(hidden)"), *others)

    @contextmanager
    def writing(self, session: AnySession, *, alone: bool) -> Iterator[Connection]:
        """Run a block as one transaction; the rows that it finds are locked.

        Some connections are left for those who read, whatever the writers wait for. Raises Away.
        """
        with ExitStack() as stack:
            with timed("gate"):
                patience_s = max(self._moved + HASTE_S - monotonic(), 0)
                stack.enter_context(place(self._writers, patience_s, "writes"))
            self._moved = monotonic()
            try:
                with self._engine.begin() as connection, joining(session):
                    yield connection
            finally:
                self._moved = monotonic()

    def limit_wait(self, connection: Connection) -> None:
        """End the statements that follow in time: who queues for a row waits for two locks."""
        limit = func.set_config("statement_timeout", str(self._busy_timeout_ms), True)
        connection.execute(select(limit))

    @contextmanager
    def reader(self) -> Iterator[Any]:
        """Lend a connection of the driver, which the pool has seen to be alive."""
        connection = self._engine.raw_connection()
        try:
            yield connection.driver_connection
        except BaseException:
            connection.invalidate()
            raise
        connection.close()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Run the block in a transaction that sees one moment."""
        with self._engine.connect() as connection:
            yield connection.execution_options(isolation_level="REPEATABLE READ")

    def take_turns(self, connection: Connection, name: str) -> None:
        """Take a lock by a name; it ends with the transaction."""
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))

    @contextmanager
    def importing(self, connection: Connection, table: FromClause) -> Iterator[None]:
        """Run the block while nobody else can insert; then its sequence goes on from the top."""
        name = connection.dialect.identifier_preparer.format_table(table)
        connection.exec_driver_sql(f"LOCK {name} IN SHARE ROW EXCLUSIVE MODE")
        yield
        ids = cast(func.pg_get_serial_sequence(name, "id"), REGCLASS)
        top = select(func.max(table.c.id)).scalar_subquery()
        connection.execute(
            select(func.setval(ids, func.greatest(top, func.pg_sequence_last_value(ids))))
        )

    def version(self) -> None:
        """Tell nothing: the server would have to be asked, which is what this is to save."""

    def changes(self, since: int) -> None:
        """Tell nothing, as `version`."""

    def is_sound(self) -> bool:
        """Leave it to the server to notice damage."""
        return True

    def why_read_only(self) -> str:
        """Return None: the server answers each write by itself."""
        return ""

    def examine(self) -> None:
        """Raise Unusable if the database cannot hold every text."""
        with self._engine.connect() as connection:
            encoding = connection.exec_driver_sql("SHOW server_encoding").scalar()
        if encoding != "UTF8":
            raise Unusable(f"Its encoding is {encoding}. Create it with ENCODING 'UTF8'.")

    def is_made(self) -> bool:
        """Tell that somebody has made the database: we do not."""
        return True

    def making(self) -> AbstractContextManager[None]:
        """Do nothing: other starts wait in begin_migration."""
        return nullcontext()

    def leave(self) -> None:
        """Do nothing: the server keeps what it has."""

    def begin_migration(self, connection: Connection) -> None:
        """Begin the transaction that changes the schema, which may take long."""
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
        connection.exec_driver_sql("SET LOCAL lock_timeout = 0")
        connection.execute(select(func.pg_advisory_xact_lock(MIGRATION_LOCK)))
