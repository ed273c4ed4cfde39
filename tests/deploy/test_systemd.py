"""deploy/systemd, by systemd's own tools."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.proxies import needs

ROOT = Path(__file__).parents[2]
SERVER, BACKUP, TIMER = (
    ROOT / "deploy/systemd" / f"flask-things{ending}"
    for ending in (".service", "-backup.service", "-backup.timer")
)

#: The highest exposure that is accepted, in tenths, of 100 for a service without confinement.
EXPOSURES = {SERVER: 12, BACKUP: 5}


def analyze(*arguments):
    """Check that systemd-analyze finds nothing wrong."""
    done = subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout


@needs("systemd-analyze")
def test_systemd_accepts_the_units(tmp_path):
    programs = Path(sys.executable).parent
    for unit in (SERVER, BACKUP, TIMER):
        text = re.sub(r"(?m)^ExecStart=\S+/", f"ExecStart={programs}/", unit.read_text())
        (tmp_path / unit.name).write_text(text)
    analyze("verify", *map(str, tmp_path.iterdir()))


@needs("systemd-analyze")
@pytest.mark.parametrize(("unit", "exposure"), EXPOSURES.items(), ids=lambda unit: str(unit)[-15:])
def test_a_service_is_confined(unit, exposure):
    analyze("security", "--offline=yes", f"--threshold={exposure}", str(unit))


def test_the_stop_waits_for_the_workers():
    """gunicorn's graceful_timeout is 30 seconds."""
    [seconds] = re.findall(r"(?m)^TimeoutStopSec=(\d+)$", SERVER.read_text())
    assert int(seconds) > 30
