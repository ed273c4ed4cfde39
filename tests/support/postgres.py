"""PostgreSQL servers, on loopback: to stop, to kill and to fail over."""

import atexit
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import psycopg

from tests.support.server import free_port, wait_until

#: PostgreSQL refuses to run as root.
ACCOUNT = {"user": "postgres", "group": "postgres", "extra_groups": []} if not os.geteuid() else {}

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": 200,
    "shared_buffers": "16MB",
    "dynamic_shared_memory_type": "mmap",  # in its folder, so that none is left after a kill
}

#: What only a loss of power would need. Without synchronous_commit, a kill would lose commits too.
FAST = {"fsync": "off", "full_page_writes": "off"}

#: A folder in memory, where a database is created ten times as fast as on a slow disk.
MEMORY = Path("/dev/shm")  # noqa: S108
MEMORY_MIN_BYTES = 4 * 1024**3

STOP = {"fast": signal.SIGINT, "immediate": signal.SIGQUIT}


def find_programs():
    """Return the folder of PostgreSQL's programs, the newest of several, or None."""
    debian = Path("/usr/lib/postgresql").glob("*/bin")
    folders = sorted(debian, key=lambda folder: float(folder.parent.name), reverse=True)
    if config := shutil.which("pg_config"):
        folders.append(Path(subprocess.check_output([config, "--bindir"], text=True).strip()))
    return next((folder for folder in folders if (folder / "initdb").exists()), None)


def has_room(folder):
    """Tell whether a folder is there, and large enough for some servers; in containers few are."""
    return folder.is_dir() and shutil.disk_usage(folder).free >= MEMORY_MIN_BYTES


class Postgres:
    """A server that accepts connections from everybody, in a folder of its own."""

    def __init__(self, primary=None, port=None, durable=False, **settings):
        """Start it: empty, or as a standby of a primary.

        What is committed survives a kill; a loss of power too, if it is to be durable. Whatever
        is in postgresql.conf may be set by name.
        """
        self.port, self.durable = port or free_port(), durable
        self.settings = SETTINGS | ({} if durable else FAST) | settings
        memory = MEMORY if not durable and has_room(MEMORY) else None
        self.folder = Path(tempfile.mkdtemp(prefix="postgres-", dir=memory))
        atexit.register(self.close)
        self.data, self.log = self.folder / "data", self.folder / "log"
        if ACCOUNT:
            shutil.chown(self.folder, ACCOUNT["user"], ACCOUNT["group"])
        if primary:
            source = (
                f"host=127.0.0.1 port={primary.port} user=postgres application_name={self.name}"
            )
            self._run("pg_basebackup", "-R", "--checkpoint=fast", "--no-sync", "-d", source)
        else:
            encoding = ("--encoding=UTF8", "--locale=C.UTF-8")
            self._run("initdb", "--username=postgres", "--auth=trust", "--no-sync", *encoding)
        self.start()

    @property
    def name(self):
        """Return the name by which a primary knows this server."""
        return f"standby_{self.port}"

    def url(self, database="postgres"):
        """Return the URL of a database."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def execute(self, sql, database="postgres"):
        """Run a statement in a transaction of its own, and return its rows, if it has any."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            cursor = connection.execute(sql)
            return cursor.fetchall() if cursor.description else None

    def start(self):
        """Start it, at first or again, and wait until it answers; on the same port and folder."""
        settings = [f"--{name}={value}" for name, value in self.settings.items()]
        self.process = self._popen("postgres", f"--port={self.port}", *settings)
        wait_until(self.is_ready)

    def is_ready(self):
        """Tell whether it answers; a server that has ended never will."""
        if self.process.poll() is not None:
            raise AssertionError(self.log.read_text())
        try:
            return self.execute("SELECT 1")
        except psycopg.OperationalError:
            return False

    def stop(self, mode="fast"):
        """Stop it: "fast" sends its clients away and tidies up, "immediate" is a crash."""
        self.process.send_signal(STOP[mode])
        self.process.wait(timeout=20)

    def kill(self):
        """End all its processes at once, as a loss of power does; needs /proc."""
        pid = self.process.pid
        self.process.send_signal(signal.SIGSTOP)  # so that it begets no more
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for process in (pid, *map(int, children)):
            os.kill(process, signal.SIGKILL)
        self.process.wait(timeout=20)
        wait_until(lambda: not any(map(is_alive, children)))

    def replica(self, port=None):
        """Return its synchronous standby: every commit waits until that has it too.

        A later one takes the place of an earlier one.
        """
        replica = Postgres(primary=self, port=port, durable=self.durable, **self.settings)
        self.execute(f"ALTER SYSTEM SET synchronous_standby_names = {replica.name}")
        self.execute("SELECT pg_reload_conf()")
        standbys = "SELECT application_name, sync_state FROM pg_stat_replication"
        wait_until(lambda: (replica.name, "sync") in self.execute(standbys))
        return replica

    def promote(self):
        """Make a standby a primary, and wait until it takes writes."""
        assert self.execute("SELECT pg_promote()") == [(True,)]

    def close(self):
        """Stop it, if it runs, and remove its folder; at the latest when Python ends."""
        if (self.data / "postmaster.pid").exists():
            if self.process.poll() is not None:
                self.start()  # it was killed: this frees its shared memory, which others run out of
            self.stop("immediate")
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, program, *arguments):
        process = self._popen(program, *arguments)
        assert process.wait(timeout=60) == 0, self.log.read_text()

    def _popen(self, program, *arguments):
        environ = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        with self.log.open("a") as log:
            return subprocess.Popen(
                [find_programs() / program, "-D", self.data, *arguments],
                cwd=self.folder,
                env=environ,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl+C is for the tests
                **ACCOUNT,
            )


def is_alive(pid):
    """Tell whether a process runs; one that has ended and is still listed has no command."""
    try:
        return bool(Path(f"/proc/{pid}/cmdline").read_bytes())
    except (FileNotFoundError, ProcessLookupError):
        return False
