"""The real Litestream, in a process of its own."""

import subprocess
import sysconfig
from contextlib import closing
from pathlib import Path

from flask_things.db.sqlite.file import sqlite3
from tests.support.server import wait_until

LITESTREAM = Path(sysconfig.get_path("scripts")) / "litestream"


class Replica:
    """A folder that the real Litestream replicates a database to."""

    def __init__(self, folder, database):
        """Take the folder, and the database's file."""
        self.folder = folder
        self.database = database
        self.log = folder.with_suffix(".log")
        self.process = None

    def start(self):
        """Start Litestream, as the container does: why with a snapshot, is said there."""
        paths = [self.database, f"file://{self.folder}"]
        with self.log.open("a") as log:
            once = [LITESTREAM, "replicate", "-once", "-force-snapshot", *paths]
            subprocess.run(once, stdout=log, stderr=log, timeout=20, check=True)
            command = [LITESTREAM, "replicate", *paths]
            self.process = subprocess.Popen(command, stdout=log, stderr=log)

    def kill(self):
        """Kill Litestream, if it runs."""
        if self.process:
            self.process.kill()
            self.process.wait()

    def restore(self, file):
        """Restore the database to a file that is not there; tell whether it worked."""
        command = [LITESTREAM, "restore", "-integrity-check", "full", "-o", file]
        run = subprocess.run([*command, f"file://{self.folder}"], capture_output=True, timeout=20)
        return run.returncode == 0

    def has(self, thing):
        """Tell whether a restore at this moment would bring this thing back."""
        copy = self.folder.with_suffix(".copy")
        copy.unlink(missing_ok=True)
        if not self.restore(copy):
            return False
        with closing(sqlite3.connect(copy)) as connection:
            row = connection.execute("SELECT text FROM thing WHERE id = ?", [thing["id"]])
            return row.fetchone() == (thing["text"],)

    def wait_for(self, thing):
        """Wait until what was written last is here; all that was written before it is, too."""
        wait_until(lambda: self.has(thing))

    def files(self):
        """Return the files that are complete."""
        return set(self.folder.rglob("*.ltx"))
