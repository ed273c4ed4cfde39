"""Clients that are generated from the OpenAPI document."""

import os
import shutil
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

HERE = Path(__file__).parent
BIN = Path(sys.executable).parent


@pytest.fixture
def url(server):
    """Return the URL of the server."""
    return f"http://127.0.0.1:{server.port}"


def test_the_client_of_openapi_python_client_is_typed_and_walks(openapi, url, tmp_path):
    run(
        *(BIN / "openapi-python-client", "generate", "--meta", "none"),
        *("--path", openapi, "--output-path", "things_client"),
        folder=tmp_path,
    )
    shutil.copy(HERE / "python_client.py", tmp_path / "walk.py")
    run(BIN / "mypy", "--strict", "walk.py", folder=tmp_path)
    run(sys.executable, "walk.py", url, folder=tmp_path)


def test_the_types_of_openapi_typescript_compile_and_walk(node, openapi, url, tmp_path):
    run(node / "openapi-typescript", openapi, "--output", "things.d.ts", folder=tmp_path)
    shutil.copy(HERE / "typescript_client.mts", tmp_path / "walk.mts")
    (tmp_path / "node_modules").symlink_to(node.parent)
    options = ("--strict", "--target", "es2022", "--moduleResolution", "bundler")
    run(node / "tsc", *options, "--module", "esnext", "walk.mts", folder=tmp_path)
    run("node", "walk.mjs", url, folder=tmp_path)


#: An annotation of the generated Java code that is neither in the JDK nor in the generator's jar.
GENERATED = (
    "package javax.annotation; public @interface Generated { String value(); String comments(); }"
)


def test_the_java_client_of_openapi_generator_compiles_and_walks(openapi, url, tmp_path):
    if not shutil.which("javac") and "CI" not in os.environ:
        pytest.skip("no Java compiler")
    jar = files("openapi_generator_cli") / "openapi-generator.jar"  # with the libraries for clients
    properties = "hideGenerationTimestamp=true,openApiNullable=false,useSingleRequestParameter=true"
    run(
        *("java", "-jar", jar, "generate", "-g", "java", "--library", "native"),
        *("-i", openapi, "-o", "client", "--additional-properties", properties),
        folder=tmp_path,
    )
    (tmp_path / "Generated.java").write_text(GENERATED)
    sources = [*(tmp_path / "client/src/main").rglob("*.java"), "Generated.java"]
    run("javac", "-cp", jar, "-d", ".", HERE / "JavaClient.java", *sources, folder=tmp_path)
    run("java", "-cp", f"{jar}:.", "JavaClient", url, folder=tmp_path)


def run(*command, folder):
    """Run a command in a folder; it must succeed."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
