"""docs/resources.md, followed literally in a copy of the repository."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.pages import PAGES, blocks
from tests.support.server import Server, clean_environ

ROOT = Path(__file__).parents[1]
PAGE = PAGES["resources.md"]

#: What a copy of the repository leaves out.
LEFT_OUT = shutil.ignore_patterns(".*", "data", "node_modules", "__pycache__", "*.egg-info")

#: The most lines that the author of a resource writes.
LINES_MAX = 60


def block(kind, start):
    """Return the code block after a text."""
    return re.search(rf"{re.escape(start)}.*?```{kind}\n(.*?)```", PAGE, re.DOTALL)[1]


NOTES = block("python", "**1. Declare it**")
LISTED = block("python", "**2. List it**")
COLUMN = block("python", "To add a column later")
DIFFERENT = block("python", "## Changing the behaviour")


@pytest.fixture(scope="session")
def fork(tmp_path_factory):
    """Return a copy of the repository with the resource that the page declares."""
    folder = tmp_path_factory.mktemp("fork") / "repository"
    shutil.copytree(ROOT, folder, ignore=LEFT_OUT)
    run(folder, *block("sh", "# Your own resource").splitlines()[1:])  # the first one installs
    package = folder / re.search(r"\*\*1\. Declare it\*\* in a new file `(.*?)`", PAGE)[1]
    package.parent.mkdir()
    package.write_text(NOTES)
    app = folder / re.search(r"\*\*2\. List it\*\* in `(.*?)`", PAGE)[1]
    imported, listed = LISTED.strip().split("\n\n")
    text = app.read_text().replace("\nfrom ", f"\n{imported}\nfrom ", 1)
    app.write_text(re.sub(r"RESOURCES: .* = .*", listed, text))
    run(folder, *block("sh", "**3. Write its migration**").splitlines())
    return folder


def run(folder, *commands, code=0):
    """Run commands of the page in a folder, and return the output of the last one."""
    for command in commands:
        program, *arguments = shlex.split(command)
        module = program.removeprefix(".venv/bin/")
        done = subprocess.run(
            [sys.executable, "-m", module, *arguments],
            cwd=folder,
            env=clean_environ(),
            capture_output=True,
            text=True,
        )
        assert done.returncode == code, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


def migrate(folder, message):
    """Run the page's migration commands with another message."""
    commands = block("sh", "**3. Write its migration**").replace("Add notes", message)
    run(folder, *commands.splitlines())


def test_the_example_equals_the_page():
    example = ROOT / "examples/notes/__init__.py"
    if not example.exists():
        pytest.skip("make lean has removed the example")
    assert example.read_text() == NOTES


def test_the_readme_shows_the_same_declaration():
    assert blocks("python", PAGES["README.md"]) == [NOTES]


def test_a_resource_takes_few_lines():
    assert len((NOTES + LISTED).splitlines()) <= LINES_MAX


@pytest.mark.slow
def test_one_migration_is_written_and_needs_no_editing(fork):
    versions = {p.name for p in (fork / "flask_things/migrations/versions").glob("*.py")}
    [new] = versions - {p.name for p in (ROOT / "flask_things/migrations/versions").glob("*.py")}
    text = (fork / "flask_things/migrations/versions" / new).read_text()
    assert "flask_things" not in text  # it must outlive the current code
    for step in ("format --check", "check --fix", "check"):
        run(fork, f"ruff {step} --no-cache flask_things")


@pytest.mark.slow
def test_the_contract_holds_for_the_resource(fork):
    """On PostgreSQL only for its migration; the sample covers the rest."""
    command = block("sh", "**4. Test it**").strip().replace("-n auto", "-n 0")
    made = "sqlite or other_programs or references or values or versions"
    assert " passed" in run(fork, f"{command.removesuffix(' notes')} 'notes and ({made})'")


@pytest.mark.slow
def test_the_server_answers_the_requests_of_the_page(fork, tmp_path):
    server = Server(fork, {}, ("-m", "flask_things"), wait=True)
    try:
        for command in block("sh", "**5. Use it.**").splitlines():
            local = command.replace("localhost:8080", f"127.0.0.1:{server.port}")
            shown = subprocess.check_output([*shlex.split(local), "-sSf"], text=True)
            assert "Taxes" in shown
    finally:
        server.stop()


@pytest.mark.slow
def test_a_column_can_be_added_later(fork, tmp_path):
    later = tmp_path / "later"
    shutil.copytree(fork, later, ignore=shutil.ignore_patterns("__pycache__"))
    package = later / "flask_things/notes/__init__.py"
    text = package.read_text().replace("import Choice, ", "import Choice, Integer, ")
    package.write_text(text.replace("    thing_id:", f"{COLUMN}    thing_id:"))
    migrate(later, "Add pages")


ASKED = """
from flask_things import create_app
client = create_app().test_client()
thing = client.post("/things", json={"text": "x"}).json["id"]
note = client.post("/notes", json={"title": "of it", "thing_id": thing})
client.post("/notes", json={"title": "of none"})
assert client.get(f"/things/{thing}/notes").json == [note.json]
assert client.get(f"/things/{thing}/notes?q=none").json == []
assert client.get("/things/99/notes").status_code == 404
assert client.get(f"/things/{thing}/notes?thing_id=1").status_code == 422
assert client.delete(note.headers["Location"]).json["detail"] == "Notes are kept."
blank = client.post("/notes", json={"title": " "})
[error] = blank.json["errors"]
assert error == {"code": "format", "detail": "Must not be blank.", "pointer": "#/title"}
assert "listNotesOfThing" in client.get("/openapi.json").text
"""


@pytest.mark.slow
def test_a_subclass_makes_the_changes_of_the_page(fork, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(fork, other, ignore=shutil.ignore_patterns("__pycache__"))
    package = other / "flask_things/notes/__init__.py"
    text = package.read_text()
    imports, classes = re.split(r"\n\n(?=class )", DIFFERENT, maxsplit=1)
    text = text.replace("NOTES = Resource(", f"{classes}\n\nNOTES = Notes(")
    text = text.replace("    Note,\n", "    Note,\n    fields=NoteFields,\n")
    package.write_text(text.replace("\nfrom datetime", f"\n{imports}\nfrom datetime", 1))
    (other / "ask.py").write_text(ASKED)
    run(other, ".venv/bin/ask")
