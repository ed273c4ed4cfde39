"""PostgreSQL servers on loopback that tests can stop, kill and fail over."""

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
    "dynamic_shared_memory_type": "mmap",  # in its folder, so that nothing remains after a kill
}

#: Protects only against power failure. But without synchronous_commit, a kill would lose commits.
FAST = {"fsync": "off", "full_page_writes": "off"}

#: A folder in memory, where creating a database is ten times faster than on a slow disk.
MEMORY = Path("/dev/shm")  # noqa: S108
MEMORY_MIN_BYTES = 4 * 1024**3

STOP = {"fast": signal.SIGINT, "immediate": signal.SIGQUIT}


def find_programs():
    """Return the folder of the newest PostgreSQL programs, or None."""
    debian = Path("/usr/lib/postgresql").glob("*/bin")
    folders = sorted(debian, key=lambda folder: float(folder.parent.name), reverse=True)
    if config := shutil.which("pg_config"):
        folders.append(Path(subprocess.check_output([config, "--bindir"], text=True).strip()))
    return next((folder for folder in folders if (folder / "initdb").exists()), None)


def has_room(folder):
    """Return whether a folder exists with room for some servers. In containers it can be small."""
    return folder.is_dir() and shutil.disk_usage(folder).free >= MEMORY_MIN_BYTES


class Postgres:
    """A server in its own folder that accepts all local connections."""

    def __init__(self, primary=None, port=None, durable=False, **settings):
        """Start an empty server, or a standby of a primary."""
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
        """Return the standby name that the primary uses."""
        return f"standby_{self.port}"

    def url(self, database="postgres"):
        """Return the URL of a database."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def execute(self, sql, database="postgres"):
        """Run a statement in a transaction, and return its rows, if any."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            cursor = connection.execute(sql)
            return cursor.fetchall() if cursor.description else None

    def start(self):
        """Start or restart it on the same port and folder, and wait until it answers."""
        settings = [f"--{name}={value}" for name, value in self.settings.items()]
        self.process = self._popen("postgres", f"--port={self.port}", *settings)
        wait_until(self.is_ready)

    def is_ready(self):
        """Return whether it answers. A server that has ended never will."""
        if self.process.poll() is not None:
            raise AssertionError(self.log.read_text())
        try:
            return self.execute("SELECT 1")
        except psycopg.OperationalError:
            return False

    def stop(self, mode="fast"):
        """Stop it: "fast" disconnects clients and cleans up, "immediate" is a crash."""
        self.process.send_signal(STOP[mode])
        self.process.wait(timeout=20)

    def kill(self):
        """Kill all its processes at once, like a power failure. Requires /proc."""
        pid = self.process.pid
        self.process.send_signal(signal.SIGSTOP)  # so that it starts no more processes
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for process in (pid, *map(int, children)):
            os.kill(process, signal.SIGKILL)
        self.process.wait(timeout=20)
        wait_until(lambda: not any(map(is_alive, children)))

    def replica(self, port=None):
        """Return its synchronous standby, which every commit waits for."""
        replica = Postgres(primary=self, port=port, durable=self.durable, **self.settings)
        self.execute(f"ALTER SYSTEM SET synchronous_standby_names = {replica.name}")
        self.execute("SELECT pg_reload_conf()")
        standbys = "SELECT application_name, sync_state FROM pg_stat_replication"
        wait_until(lambda: (replica.name, "sync") in self.execute(standbys))
        return replica

    def promote(self):
        """Promote a standby, and wait until it accepts writes."""
        assert self.execute("SELECT pg_promote()") == [(True,)]

    def close(self):
        """Stop it if it runs, and remove its folder, at the latest when Python exits."""
        if (self.data / "postmaster.pid").exists():
            if self.process.poll() is not None:
                self.start()  # frees the shared memory of a killed server, which is scarce
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
                start_new_session=True,  # so that Ctrl+C only reaches the tests
                **ACCOUNT,
            )


def is_alive(pid):
    """Return whether a process runs. A zombie has no command."""
    try:
        return bool(Path(f"/proc/{pid}/cmdline").read_bytes())
    except (FileNotFoundError, ProcessLookupError):
        return False
