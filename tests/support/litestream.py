"""Litestream in a separate process."""

import subprocess
import sysconfig
from contextlib import closing
from pathlib import Path

from flask_things.db.sqlite.file import sqlite3
from tests.support.server import wait_until

LITESTREAM = Path(sysconfig.get_path("scripts")) / "litestream"


class Replica:
    """A folder to which Litestream replicates a database."""

    def __init__(self, folder, database):
        self.folder = folder
        self.database = database
        self.log = folder.with_suffix(".log")
        self.process = None

    def start(self):
        """Start Litestream as the container does; its command explains the snapshot."""
        paths = [self.database, f"file://{self.folder}"]
        with self.log.open("a") as log:
            once = [LITESTREAM, "replicate", "-once", "-force-snapshot", *paths]
            subprocess.run(once, stdout=log, stderr=log, timeout=20, check=True)
            command = [LITESTREAM, "replicate", *paths]
            self.process = subprocess.Popen(command, stdout=log, stderr=log)

    def kill(self):
        """Kill Litestream if it runs."""
        if self.process:
            self.process.kill()
            self.process.wait()

    def restore(self, file):
        """Restore the database to a new file. Return whether it worked."""
        command = [LITESTREAM, "restore", "-integrity-check", "full", "-o", file]
        run = subprocess.run([*command, f"file://{self.folder}"], capture_output=True, timeout=20)
        return run.returncode == 0

    def has(self, thing):
        """Return whether a restore now would contain this thing."""
        copy = self.folder.with_suffix(".copy")
        copy.unlink(missing_ok=True)
        if not self.restore(copy):
            return False
        with closing(sqlite3.connect(copy)) as connection:
            row = connection.execute("SELECT text FROM thing WHERE id = ?", [thing["id"]])
            return row.fetchone() == (thing["text"],)

    def wait_for(self, thing):
        """Wait until the last write is replicated, and so all earlier ones."""
        wait_until(lambda: self.has(thing))

    def files(self):
        """Return the complete files."""
        return set(self.folder.rglob("*.ltx"))
