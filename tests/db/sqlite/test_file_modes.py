"""File permissions: new files are private to their owner, whatever the umask."""

import os
from stat import S_IMODE

import pytest

from flask_things import create_app
from flask_things.db.session import db
from flask_things.db.sqlite.files import beside
from flask_things.migrations import prepare
from tests.support.files import query

pytestmark = pytest.mark.sqlite

COMPANIONS = ("-wal", "-shm", "-gate")


@pytest.fixture(autouse=True)
def umask():
    """Set the umask to 0."""
    before = os.umask(0)
    yield
    os.umask(before)


def mode(path):
    """Return the permissions of a file."""
    return S_IMODE(path.stat().st_mode)


def modes(folder):
    """Return the permissions of all files of a folder."""
    return {path.name: mode(path) for path in folder.iterdir() if path.is_file()}


def start(environ):
    """Start the application as a server does, write, and close its connections."""
    app = create_app(environ)
    prepare(app)
    assert app.test_client().post("/things", json={"text": "x"}).status_code == 201
    with app.app_context():
        db.engine.dispose()


def test_a_new_database_is_private_to_its_owner(client, file):
    client.post("/things", json={"text": "x"})
    names = (file.name, *(beside(file, ending).name for ending in COMPANIONS))
    assert modes(file.parent) == dict.fromkeys(names, 0o600)


@pytest.mark.parametrize("command", ["backup", "export"])
def test_files_of_commands_are_private_to_their_owner(client, runner, tmp_path, command):
    assert runner.invoke(args=["things", command, str(tmp_path / "new")]).exit_code == 0
    assert mode(tmp_path / "new") == 0o600


@pytest.mark.parametrize("command", ["backup", "export"])
def test_the_mode_of_a_file_that_is_replaced_is_kept(client, runner, tmp_path, command):
    (tmp_path / "old").touch(0o644)
    assert runner.invoke(args=["things", command, str(tmp_path / "old")]).exit_code == 0
    assert mode(tmp_path / "old") == 0o644


@pytest.mark.parametrize(
    ("database", "gate"), [(0o600, 0o600), (0o644, 0o600), (0o660, 0o660), (0o666, 0o666)]
)
def test_only_users_who_can_write_the_database_can_lock_it(environ, file, database, gate):
    """Earlier versions made the lock file world-readable. SQLite's files follow the database."""
    start(environ)
    file.chmod(database)
    for before in (None, 0o644):
        beside(file, "-gate").unlink()
        if before:
            beside(file, "-gate").touch(before)
        start(environ)
        assert (mode(file), mode(beside(file, "-gate"))) == (database, gate)


@pytest.mark.skipif(os.geteuid() and "CI" not in os.environ, reason="only root can give files away")
def test_root_makes_no_lock_file_that_the_database_s_owner_cannot_use(environ, file):
    """SQLite does the same for its files."""
    start(environ)
    beside(file, "-gate").unlink()
    os.chown(file, 12345, 12345)
    start(environ)
    status = beside(file, "-gate").stat()
    assert (status.st_uid, status.st_gid, mode(beside(file, "-gate"))) == (12345, 12345, 0o600)
    assert query(file, "SELECT count(*) FROM thing") == 2


#: Root can write in spite of the mode, unless it lacks these capabilities.
POWERLESS = """
import os, sys
command = [sys.executable, "-m", "flask_things"]
if not os.geteuid():
    command = ["setpriv", "--bounding-set=-all", *command]
os.execvp(command[0], command)
"""


@pytest.mark.parametrize("what", ["file", "folder", "lock"])
def test_a_database_that_cannot_be_written_is_reported_once_at_the_start(
    environ, file, serve, what
):
    """Not in the log line of every write."""
    start(environ)
    path = {"file": file, "folder": file.parent, "lock": beside(file, "-gate")}[what]
    path.chmod(0o444 if what == "file" else 0o555 if what == "folder" else 0)
    server = serve("-c", POWERLESS)
    user = os.geteuid()
    warning = f"user {user} may not write {path}, which belongs to user {user}. Writes are 503."
    assert server.log.read_text().count(warning) == 1
    assert {server.request("POST", "/things", {"text": "x"})[0] for _ in range(5)} == {503}
    assert server.request("GET", "/things/1")[0] == 200
    assert server.log.read_text().count(warning) == 1
    assert " ERROR " not in server.log.read_text()
    for each in (path, *path.parent.glob("db.sqlite3-*")):  # SQLite may have created more files
        each.chmod(0o755 if each == file.parent else 0o600)
    assert server.request("POST", "/things", {"text": "x"})[0] == 201
