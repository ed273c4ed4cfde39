"""A system that runs: its processes, and what they take."""

import http.client
import json
import os
import shlex
import subprocess
import time
from pathlib import Path

from benchmarks.fill import environment
from benchmarks.systems import BIN, System
from tests.support.server import free_port

READY_SECONDS, STOP_SECONDS = 60, 60
POLL_SECONDS = 0.005
SETTLE_SECONDS, SETTLE_MAX_SECONDS = 0.2, 30
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
#: Of /proc/PID/stat after the program's name, which may hold spaces: utime and stime.
CPU_FIELDS = slice(11, 13)


class Running:
    """A system that was started in a folder, and is ready."""

    def __init__(self, system: System, folder: Path):
        """Start it, and wait until it answers; `start_seconds` is how long that took."""
        self.system = system
        self.port = free_port()
        command = shlex.split(system.serve.format(bin=BIN, port=self.port))
        with (folder / "server.log").open("w") as log:
            started = time.perf_counter()
            self.process = subprocess.Popen(
                command,
                cwd=folder,
                env=environment() | {"PORT": str(self.port)},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            while not self._is_ready():
                if self.process.poll() is not None or time.perf_counter() > started + READY_SECONDS:
                    raise RuntimeError((folder / "server.log").read_text()[-2000:])
                time.sleep(POLL_SECONDS)
        except BaseException:
            self.close()
            raise
        self.start_seconds = time.perf_counter() - started

    def close(self) -> None:
        """Tell it to stop, and wait for its end; one that does not end is killed."""
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            for pid in self.pids():
                os.kill(pid, 9)
            self.process.wait()

    def request(self, method: str, path: str, body: object = None) -> tuple[int, object]:
        """Return the status and the document of an answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            data = None if body is None else json.dumps(body)
            connection.request(method, path, data, {"Content-Type": "application/json"})
            response = connection.getresponse()
            received = response.read()
        finally:
            connection.close()
        return response.status, json.loads(received) if received else None

    def pids(self) -> list[int]:
        """Return the ids of its processes, the first one first."""
        found = [self.process.pid]
        for pid in found:  # which grows meanwhile
            tasks = Path(f"/proc/{pid}/task/{pid}/children")
            found += [int(child) for child in tasks.read_text().split()]
        return found

    def cpu_seconds(self) -> dict[int, float]:
        """Return the processor's time that each process has taken so far."""
        return {pid: _cpu_seconds(pid) for pid in self.pids()}

    def memory_mb(self) -> dict[str, float]:
        """Return the resident memory of its largest worker.

        `pss` counts what processes share in parts, and `rss` in each of them in full.
        """
        pids = self.pids()
        workers = [_memory_mb(pid) for pid in pids[1:] or pids]
        return max(workers, key=lambda memory: memory["rss"])

    def settle(self) -> None:
        """Wait until it has done what it was asked last, which takes from whoever comes next."""
        before, end = None, time.monotonic() + SETTLE_MAX_SECONDS
        while (now := self.cpu_seconds()) != before and time.monotonic() < end:
            before = now
            time.sleep(SETTLE_SECONDS)

    def _is_ready(self) -> bool:
        try:
            status, _ = self.request("GET", self.system.ready)
        except (OSError, http.client.HTTPException):
            return False
        # The tutorial's stack has nothing that is cheap but a thing that is not there.
        return status in (200, 404)


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(ticks) for ticks in fields[CPU_FIELDS]) / TICKS_PER_SECOND


def _memory_mb(pid: int) -> dict[str, float]:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    kibibytes = {name: int(rest.split()[0]) for name, _, rest in (s.partition(":") for s in lines)}
    return {key: kibibytes[key.title()] * 1024 / 1e6 for key in ("pss", "rss")}
