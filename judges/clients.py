"""Generate clients from the OpenAPI document; `python -m judges.clients FOLDER` packs them."""

import json
import subprocess
import sys
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from shutil import make_archive
from tempfile import TemporaryDirectory

from flask_things import create_app

BIN = Path(sys.executable).parent
NODE = Path(__file__).parent / "node_modules" / ".bin"

#: The generator, with the libraries that its Java clients need.
JAR = files("openapi_generator_cli") / "openapi-generator.jar"
JAVA_PROPERTIES = (
    "hideGenerationTimestamp=true,openApiNullable=false,useSingleRequestParameter=true"
)


def python(document: Path, folder: Path) -> None:
    """Generate the package `things_client`, for Python."""
    package = folder / "things_client"
    tool = BIN / "openapi-python-client"
    run(tool, "generate", "--meta", "none", "--path", document, "--output-path", package)


def typescript(document: Path, folder: Path) -> None:
    """Generate the types `things.d.ts`, for openapi-fetch."""
    run(NODE / "openapi-typescript", document, "--output", folder / "things.d.ts")


def java(document: Path, folder: Path) -> None:
    """Generate a Maven project, for Java."""
    generate = ("java", "-jar", JAR, "generate", "-g", "java", "--library", "native")
    run(*generate, "-i", document, "-o", folder, "--additional-properties", JAVA_PROPERTIES)


def run(*command: object) -> None:
    """Run a command; it must succeed."""
    subprocess.run([str(part) for part in command], check=True, stdout=subprocess.DEVNULL)


def pack(folder: Path) -> None:
    """Write the document, and an archive of each client."""
    folder.mkdir(exist_ok=True)
    document = folder / "openapi.json"
    document.write_text(json.dumps(create_app({}).test_client().get("/openapi.json").json))
    generators: list[Callable[[Path, Path], None]] = [python, typescript, java]
    for generate in generators:
        with TemporaryDirectory() as client:
            generate(document, Path(client))
            make_archive(str(folder / f"client-{generate.__name__}"), "zip", client)


if __name__ == "__main__":
    pack(Path(sys.argv[1]))
