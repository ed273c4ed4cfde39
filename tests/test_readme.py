"""Promises of the README and the pages in docs/."""

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from flask_things import create_app
from flask_things.app import RESOURCES
from flask_things.config import DEFAULTS, Settings
from flask_things.db.backend import EXPORTS
from flask_things.http.error_codes import Code
from flask_things.resource.transfer import exports
from flask_things.transport import connection, downloads, sender, streams, uploads
from tests.support.pages import PAGES, blocks
from tests.support.server import python

ROOT = Path(__file__).parents[1]
MAKEFILES = [ROOT / "Makefile", *ROOT.glob("*/*.mk")]

MIB = 1024 * 1024

GROUPS = create_app({}).cli.commands

DOCUMENTS = [
    pytest.param(path, id=str(path.relative_to(ROOT)))
    for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("deploy/*.md")]
]


def test_no_curl_needs_a_version_that_ubuntu_22_04_does_not_have():
    """It has curl 7.81."""
    text = "".join(PAGES.values())
    assert "--json" not in text  # 7.82
    assert "%header{" not in text  # 7.83


def test_the_table_of_settings_is_complete():
    rows = re.findall(r"^\| `([A-Z_]+)` \| (?:`(.*?)` )?\|", PAGES["operations.md"], re.MULTILINE)
    table = dict(rows)
    assert table == DEFAULTS
    assert set(table) == set(Settings().fields)


def test_the_table_of_error_codes_is_complete():
    table = PAGES["http-api.md"].partition("| code |")[2].partition("\n\n")[0]
    named = re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)
    assert sorted(", ".join(named).replace("`", "").split(", ")) == sorted(Code)


def test_the_table_of_limits_has_the_numbers_of_the_code():
    table = PAGES["operations.md"].partition("| what | limit |")[2].partition("\n\n")[0]
    shown = " ".join(re.findall(r"^\| [a-z][^|]* \| ([^|]+) \|", table, re.MULTILINE))
    bulks, others = uploads.HELD_BYTES[uploads.BULK_BODY_MAX_BYTES], uploads.HELD_BYTES[MIB * 2]
    assert [int(number) for number in re.findall(r"\d+", shown)] == [
        *(connection.HEADER_TIMEOUT_S, connection.BODY_TIMEOUT_S),
        *(sender.SEND_TIMEOUT_S, sender.SEND_TIMEOUT_S, 1, sender.SEND_BYTES_PER_S / 1024),
        *(int(DEFAULTS["THINGS_KEEPALIVE_S"]), bulks / MIB, others / MIB),
        *(uploads.SLOW_BYTES_PER_S / 10**6, downloads.HELD_BYTES / 10**6),
        *(EXPORTS, exports.TIMEOUT_S / 60, streams.STREAMS),
    ]


def test_the_table_of_times_has_every_target_of_make():
    table = PAGES["operations.md"].partition("| command | time |")[2]
    named = set(re.findall(r"`make ([a-z-]+)`", table))
    text = "\n".join(path.read_text() for path in MAKEFILES)
    assert named == set(re.findall(r"^([a-z-]+):.*## ", text, re.MULTILINE))


def test_every_command_that_is_named_exists_and_none_is_missing():
    text = "".join(PAGES.values())
    assert set(re.findall(r"flask things ([a-z]+)", text)) == set(GROUPS["things"].commands)
    assert set(re.findall(r"flask tokens ([a-z]+)", text)) == set(GROUPS["tokens"].commands)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_target_of_make_that_is_named_exists(document):
    text = "\n".join(path.read_text() for path in MAKEFILES)
    targets = set(re.findall(r"^([a-z-]+):", text, re.MULTILINE))
    named = set(re.findall(r"`make ([a-z-]+)|\$ make ([a-z-]+)", document.read_text()))
    assert {first or second for first, second in named} <= targets


def slugs(text):
    """Return the anchors of a page's headings, as on GitHub."""
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_file_and_heading_that_is_linked_exists(document):
    for link in re.findall(r"\]\(([^)]+?)\)", document.read_text()):
        path, _, heading = link.partition("#")
        linked = document.parent / path if path else document
        assert path.startswith("https://") or linked.exists(), link
        if heading and linked.suffix == ".md":
            assert heading in slugs(linked.read_text()), link


def test_the_layout_is_the_tree_s():
    layout = next(block for block in blocks("", PAGES["README.md"]) if "wsgi.py" in block)
    named = {f"flask_things/{name}" for name in re.findall(r"^    (\S+)", layout, re.MULTILINE)}
    named |= set(re.findall(r"^(\S+)", layout, re.MULTILINE))
    packages = {path.parent for path in ROOT.glob("flask_things/*/*.py")}
    there = {f"flask_things/{path.name}/" for path in packages}
    there |= {f"flask_things/{name}.py" for name in ("app", "config", "health")}
    there |= {f"{path.parent.name}/" for path in ROOT.glob("*/*.py")}
    there |= {f"{name}/" for name in ("deploy", "docs", "examples") if (ROOT / name).exists()}
    of_fork = {f"flask_things/{one.model.__module__.split('.')[1]}/" for one in RESOURCES}
    assert named | of_fork == there | {"wsgi.py", "gunicorn.conf.py"}


def compose():
    """Return the services of the compose file."""
    return yaml.safe_load((ROOT / "docker-compose.yaml").read_text())["services"]


def test_the_container_is_as_confined_as_is_written():
    api = compose()["api"]
    assert (api["read_only"], api["cap_drop"], api["security_opt"], api["tmpfs"]) == (
        *(True, ["ALL"], ["no-new-privileges:true"]),
        "/tmp",  # noqa: S108 - in the container
    )
    assert (api["mem_limit"], api["pids_limit"]) == ("1g", 200)


def test_the_container_knows_where_its_port_is_published():
    """The container's exposure check depends on it."""
    api = compose()["api"]
    published = "${THINGS_HOST:-127.0.0.1}:${PORT:-8080}"
    assert api["ports"] == [f"{published}:8080"]
    assert api["environment"]["THINGS_PUBLISHED"] == published


def test_the_container_gets_every_setting_as_it_is_set():
    """A default in the compose file would look like a choice, such as THINGS_AUTH=off."""
    passed = compose()["api"]["environment"]
    assert set(passed) == set(DEFAULTS) - {"HOST", "PORT"}
    values = {name: value for name, value in passed.items() if value is not None}
    assert set(values) == {"THINGS_PUBLISHED", "THINGS_TRUSTED_PROXIES"}
    assert values["THINGS_TRUSTED_PROXIES"].endswith("{THINGS_DOMAIN:+caddy}}")


def test_the_debugger_is_for_this_machine_only():
    assert compose()["dev"]["ports"] == ["127.0.0.1:${PORT:-8080}:8080"]
    command = subprocess.run(
        ["make", "--dry-run", "dev"],
        cwd=ROOT,
        env=os.environ | {"HOST": "192.0.2.1"},
        capture_output=True,
        text=True,
    )
    assert "flask run --debug --host 127.0.0.1 " in command.stdout


def test_every_container_that_runs_a_shell_or_python_passes_signals_on():
    """Without an init, process 1 ignores SIGTERM until it has a handler, and a shell always."""
    assert all(service["init"] for service in compose().values() if "build" in service)


@pytest.mark.slow
@pytest.mark.sqlite
def test_in_the_container_flask_needs_no_app_option(environ, tmp_path):
    image = re.findall(
        r"^ENV .*\b(FLASK_APP)=(\w+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE
    )
    listed = python(tmp_path, "-m", "flask", "tokens", "list", **environ, **dict(image))
    assert (listed.returncode, listed.stderr) == (0, "")


def test_success_is_within_the_first_lines():
    assert "curl" in "\n".join(PAGES["README.md"].splitlines()[:15])
