"""Clients that are generated from the OpenAPI document."""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
BIN = Path(sys.executable).parent


def test_the_python_client_walks_through_the_api_and_is_typed(openapi, server, tmp_path):
    walk = tmp_path / "walk.py"
    walk.write_text((HERE / "python_client.py").read_text())
    run(
        *(BIN / "openapi-python-client", "generate", "--meta", "none"),
        *("--path", openapi, "--output-path", "things_client"),
        folder=tmp_path,
    )
    run(BIN / "mypy", "--strict", "walk.py", folder=tmp_path)
    run(sys.executable, "walk.py", f"http://127.0.0.1:{server.port}", folder=tmp_path)


def test_the_typescript_types_compile_and_are_what_a_client_needs(node, openapi, tmp_path):
    run(node / "openapi-typescript", openapi, "--output", "things.d.ts", folder=tmp_path)
    (tmp_path / "client.ts").write_text((HERE / "typescript_client.ts").read_text())
    run(node / "tsc", "--strict", "--noEmit", "--target", "es2022", "client.ts", folder=tmp_path)


def run(*command, folder):
    """Run a command in a folder; it must succeed."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
