"""schemathesis, all phases and checks: valid and invalid requests from the document."""

import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
EXAMPLES = "50"
SEED = "1"  # makes failures reproducible; another seed tests other requests


def test_schemathesis_finds_no_failure(server, tmp_path):
    for name in ("schemathesis.toml", "schemathesis_hooks.py"):
        shutil.copy(HERE / name, tmp_path)
    document = f"http://127.0.0.1:{server.port}/openapi.json"
    tool = Path(sys.executable).with_name("st")
    run = subprocess.run(
        [tool, "run", document, "--max-examples", EXAMPLES, "--seed", SEED, "--no-color"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout
    for phase in ("Examples", "Coverage", "Fuzzing", "Stateful"):
        assert f"✅ {phase}" in run.stdout.partition("= SUMMARY =")[2], run.stdout
    assert "Traceback" not in server.log.read_text()
