"""`flask things follow`: sends each webhook until it is accepted."""

import subprocess
import sys
import time
from contextlib import closing

import pytest

from flask_things.cli import follow
from flask_things.db import places
from flask_things.db.backend import Refused
from flask_things.db.journal import RESTART
from flask_things.db.session import db
from flask_things.setting_values import webhook_secrets
from tests.support.receiver import SECRET, Webhook, receiving
from tests.support.server import clean_environ, free_port, wait_until
from tests.support.things import THINGS

OTHER = "whsec_MTExMTExMTExMTExMTExMTExMTExMTExMTExMTEx"


@pytest.fixture
def waits(monkeypatch):
    """Record the waits between attempts instead of sleeping."""
    waits = []
    monkeypatch.setattr(follow.time, "sleep", waits.append)
    return waits


def post(receiver, secrets=SECRET):
    """Send a webhook."""
    follow.post(receiver.url, "id", b'{"a": "\xc3\xa4"}', webhook_secrets(secrets))


def test_a_signature_is_as_the_standard_s_libraries_make_it():
    """The example comes from the standard's libraries."""
    sent = {
        "webhook-id": "msg_loFOjxBNrRLzqYUf",
        "webhook-timestamp": "1731705121",
        "webhook-signature": "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=",
    }
    webhook = Webhook(204, sent, b'{"event_type":"ping","data":{"success":true}}')
    assert webhook.is_signed("whsec_plJ3nmyCDGBKInavdOK15jsl")


def test_a_webhook_is_signed_by_each_secret():
    with receiving(204) as receiver:
        post(receiver, f"{SECRET}, {OTHER}")
    [webhook] = receiver.received
    assert webhook.is_signed(SECRET)
    assert webhook.is_signed(OTHER)
    assert webhook.headers["Content-Type"] == "application/json"
    assert 0 <= time.time() - int(webhook.headers["webhook-timestamp"]) < 60
    assert webhook.data == b'{"a": "\xc3\xa4"}'


def test_a_webhook_is_sent_until_it_is_accepted_later_and_later(waits):
    """Everything except 2xx is a failure: an error, a redirect, a closed connection."""
    with receiving(500, 302, 0, 307, 404, 429, 503, 500, 500, 500, 204) as receiver:
        post(receiver)
    assert len(receiver.received) == 11
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300]
    assert {webhook.headers["webhook-id"] for webhook in receiver.received} == {"id"}
    assert all(webhook.is_signed() for webhook in receiver.received)


def test_a_receiver_that_cannot_be_reached_is_a_failure(monkeypatch):
    def give_up(_seconds):
        raise KeyboardInterrupt

    monkeypatch.setattr(follow.time, "sleep", give_up)
    with pytest.raises(KeyboardInterrupt):
        follow.post(f"http://127.0.0.1:{free_port()}", "id", b"{}", [b""])


def test_a_receiver_that_wants_no_more_ends_the_command():
    with receiving(410) as receiver, pytest.raises(Refused, match="wants no more"):
        post(receiver)
    assert len(receiver.received) == 1


@pytest.fixture
def start(tmp_path, environ):
    """Return a function that starts the command. All are killed at the end."""
    running = []
    (tmp_path / "data").mkdir(exist_ok=True)

    def start(*options):
        command = [sys.executable, "-m", "flask", "--app", "flask_things", "things", "follow"]
        settings = clean_environ() | environ | {"THINGS_WEBHOOK_SECRET": SECRET}
        running.append(subprocess.Popen([*command, *options], cwd=tmp_path, env=settings))
        wait_until((tmp_path / "data/things.position").exists)
        return running[-1]

    yield start
    for process in running:
        process.kill()
        process.wait()


@pytest.mark.slow
def test_every_change_arrives_in_order_in_spite_of_kills(client, start):
    """The receiver fails at times, and the command is killed while it waits for a retry."""
    client.post("/things", json={"text": "before"})
    with receiving(204, 500, 204, 0, 500) as receiver:
        process = start("--post", receiver.url)
        for text in ("ä", "b", "c"):
            client.post("/things", json={"text": text})
        wait_until(lambda: len(receiver.received) >= 6)
        process.kill()
        process.wait()
        client.delete("/things/2")
        receiver.statuses[:] = [204]
        start("--post", receiver.url)
        wait_until(lambda: len(receiver.accepted) == 4)
    shown = [(one.body["type"], one.body["data"]["id"]) for one in receiver.accepted]
    assert shown == [("thing.created", n) for n in (2, 3, 4)] + [("thing.deleted", 2)]
    things = [one.body["data"]["thing"] for one in receiver.accepted]
    assert [thing and thing["text"] for thing in things] == ["ä", "b", "c", None]
    assert things[1] == client.get("/things/3").json
    ids = {one.headers["webhook-id"] for one in receiver.received}
    assert len(ids) == 4
    assert all(one.is_signed() for one in receiver.received)
    assert all(one.body["timestamp"] == one.body["data"]["at"] for one in receiver.accepted)


@pytest.fixture
def events(app):
    """Return an iterator over events, from now on."""
    with app.app_context(), closing(follow.events(THINGS, places.now(db.session))) as events:
        next(events)
        yield events


def test_after_a_restore_an_event_reports_lost_changes(client, events, execute):
    """Later events are sent."""
    execute(RESTART)
    _, lost = next(events)
    assert (lost["type"], lost["data"]) == ("thing.lost", {})
    client.post("/things", json={"text": "x"})
    _, made = next(events)
    assert made["type"] == "thing.created"


def test_the_position_advances_while_only_other_resources_change(app, client, events, execute):
    """Otherwise the position would expire while only other resources change."""
    first, _ = next(events)
    execute("INSERT INTO journal (table_name, change) VALUES ('other', 'updated')")
    token, event = next(events)
    assert (event, token != first) == (None, True)


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("secret", "options", "message"),
    [
        ("", ["--post", "http://x"], "THINGS_WEBHOOK_SECRET is not set."),
        (SECRET, ["--post", "localhost:80"], "The URL must start with https:// or http://."),
        (SECRET, ["--post", "file:///x"], "The URL must start with https:// or http://."),
        (SECRET, ["--post", "http://x", "--position", "bad"], "bad: The cursor is damaged"),
    ],
)
def test_unusable_options_are_rejected(app, secret, options, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad").write_text("x")
    app.config["THINGS_WEBHOOK_SECRET"] = webhook_secrets(secret)
    result = app.test_cli_runner().invoke(args=["things", "follow", *options])
    assert result.exit_code == 1
    assert message in result.stderr
