"""Clients generated from the OpenAPI document."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from judges import clients

HERE = Path(__file__).parent
EXAMPLE = HERE.parent / "examples/react-admin"
BIN = Path(sys.executable).parent


@pytest.fixture
def url(server):
    """Return the URL of the server."""
    return f"http://127.0.0.1:{server.port}"


def test_the_client_of_openapi_python_client_is_typed_and_walks(openapi, url, tmp_path):
    clients.python(openapi, tmp_path)
    shutil.copy(HERE / "python_client.py", tmp_path / "walk.py")
    run(BIN / "mypy", "--strict", "walk.py", folder=tmp_path)
    run(sys.executable, "walk.py", url, folder=tmp_path)


def test_the_types_of_openapi_typescript_compile_and_walk(node, openapi, url, tmp_path):
    clients.typescript(openapi, tmp_path)
    shutil.copy(HERE / "typescript_client.mts", tmp_path / "walk.mts")
    compile_typescript(node, tmp_path, "walk.mts")
    run("node", "walk.mjs", url, folder=tmp_path)


def test_react_admin_makes_every_call_through_the_data_provider(node, url, tmp_path):
    for file in (EXAMPLE / "dataProvider.ts", HERE / "react_admin.ts"):
        shutil.copy(file, tmp_path)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    compile_typescript(node, tmp_path, "react_admin.ts", "--skipLibCheck")
    run("node", "react_admin.js", url, folder=tmp_path)


def compile_typescript(node, folder, file, *more):
    """Compile a file and what it imports; every type must fit."""
    (folder / "node_modules").symlink_to(node.parent)
    options = ("--strict", "--target", "es2022", "--moduleResolution", "bundler")
    run(node / "tsc", *options, "--module", "esnext", *more, file, folder=folder)


#: An annotation of the generated Java code that is neither in the JDK nor in the generator's jar.
GENERATED = (
    "package javax.annotation; public @interface Generated { String value(); String comments(); }"
)


def test_the_java_client_of_openapi_generator_compiles_and_walks(openapi, url, tmp_path):
    if not shutil.which("javac") and "CI" not in os.environ:
        pytest.skip("no Java compiler")
    clients.java(openapi, tmp_path / "client")
    (tmp_path / "Generated.java").write_text(GENERATED)
    sources = [*(tmp_path / "client/src/main").rglob("*.java"), "Generated.java"]
    run("javac", "-cp", clients.JAR, "-d", ".", HERE / "JavaClient.java", *sources, folder=tmp_path)
    run("java", "-cp", f"{clients.JAR}:.", "JavaClient", url, folder=tmp_path)


def run(*command, folder):
    """Run a command in a folder, which must succeed."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
