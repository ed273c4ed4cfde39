"""wrk, which sends the requests, and what it and the system say of them."""

import json
import os
import resource
import shutil
import subprocess
from pathlib import Path

from benchmarks.loads import Load
from benchmarks.processes import Running

SCRIPT = Path(__file__).with_name("load.lua")
#: An answer that takes longer is an error. Longer than SQLite waits for a lock by itself: 5 s.
TIMEOUT_SECONDS = 10


def ensure() -> None:
    """Install wrk where it is missing and that can be done; else end with one line."""
    if not shutil.which("wrk") and shutil.which("apt-get") and os.geteuid() == 0:
        subprocess.run(["apt-get", "update", "--quiet"], check=True)
        subprocess.run(["apt-get", "install", "--yes", "--quiet", "wrk"], check=True)
    if not shutil.which("wrk"):
        raise SystemExit("The benchmark needs wrk: apt-get install wrk")


def version() -> str:
    """Return wrk's version."""
    said = subprocess.run(["wrk", "--version"], capture_output=True, text=True).stdout
    return said.partition("/")[2].partition(" ")[0]


def measure(
    running: Running, load: Load, connections: int, seconds: int, seed: int, first_id: int = 1
) -> dict[str, object]:
    """Put a load on a system, and return what became of it.

    Where things are deleted, the first of them has `first_id`. What is refused (a status of 400 and
    above) is no answer that counts.
    """
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", f"--timeout={TIMEOUT_SECONDS}s"]
    command += ["--latency", "-s", str(SCRIPT), f"http://127.0.0.1:{running.port}", "--"]
    command += [str(seed), str(load.asked(running.system)), str(load.reads_percent)]
    command += [*load.requests(running.system), str(first_id)]
    before, client_before = running.cpu_seconds(), _client_seconds()
    printed = subprocess.run(
        command, check=True, capture_output=True, text=True, input="\n".join(load.paths)
    ).stdout
    after, client_after = running.cpu_seconds(), _client_seconds()
    memory = running.memory_mb()
    running.settle()
    said = json.loads(printed.splitlines()[-1])
    cpu = {pid: after[pid] - before.get(pid, 0) for pid in after}
    workers = list(cpu.values())[1:]
    good = said["answers"] - said["refused"]
    # 0.5 where two workers did the same, 1 where one did everything.
    share = {"busiest_worker": round(max(workers) / sum(workers), 2)} if any(workers) else {}
    return share | {
        "per_second": round(good / said["seconds"], 2),
        "p99_ms": said["p99_ms"],
        "refused": said["refused"],
        "broken": said["broken"],
        "cpu_seconds_per_1000": round(1000 * sum(cpu.values()) / max(said["answers"], 1), 4),
        # Near 1, it would be wrk that is measured.
        "wrk_cpu": round((client_after - client_before) / said["seconds"], 2),
        **{f"{key}_mb": round(value, 1) for key, value in memory.items()},
    }


def _client_seconds() -> float:
    # Of children that have ended: wrk alone, while no system ends.
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
