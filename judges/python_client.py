"""A tour of the API with the client that openapi-python-client generates. mypy checks it."""

import csv
import json
import re
import sys
from datetime import date
from io import StringIO

from things_client import Client
from things_client.api.notes import create_note, list_notes
from things_client.api.things import (
    create_thing,
    create_things,
    delete_thing,
    export_things_as_csv,
    export_things_as_ndjson,
    get_thing,
    list_things,
    replace_thing,
    update_thing,
)
from things_client.models import (
    ListNotesPriority,
    ListThingsSort,
    Note,
    NoteInput,
    NoteInputPriority,
    Problem,
    Thing,
    ThingInput,
    ThingPatch,
)
from things_client.types import UNSET, File, Unset

client = Client(base_url=sys.argv[1], raise_on_unexpected_status=True)

# Create a thing, and retry it without creating another.
thing = create_thing.sync(client=client, body=ThingInput(text="one"), idempotency_key="walk-1")
assert isinstance(thing, Thing)
again = create_thing.sync(client=client, body=ThingInput(text="one"), idempotency_key="walk-1")
assert isinstance(again, Thing) and again.id == thing.id
made = create_things.sync(client=client, body=[ThingInput(text=f"walk {n}") for n in range(7)])
assert isinstance(made, list)

# All pages.
walked: list[Thing] = []
cursor: str | Unset = UNSET
while True:
    page = list_things.sync_detailed(
        client=client, limit=3, q="WALK", sort=ListThingsSort("-text"), cursor=cursor
    )
    assert isinstance(page.parsed, list)
    walked += page.parsed
    following = re.search("cursor=([^&>]+)", page.headers.get("Link", ""))
    if not following:
        break
    cursor = following[1]
assert len(walked) == 7

# Update the current version, then a stale one. The body is the whole thing with its read-only
# fields.
etag = get_thing.sync_detailed(thing.id, client=client).headers["ETag"]
body = ThingInput.from_dict(thing.to_dict() | {"text": "two"})
updated = replace_thing.sync(thing.id, client=client, body=body, if_match=etag)
assert isinstance(updated, Thing) and updated.text == "two"
assert updated.updated_at > updated.created_at
conflict = replace_thing.sync(thing.id, client=client, body=body, if_match=etag)
assert isinstance(conflict, Problem) and conflict.status == 412
patched = update_thing.sync(thing.id, client=client, body=ThingPatch(text="three"))
assert isinstance(patched, Thing) and patched.text == "three"

# An invalid thing: the error has a code and names the field.
invalid = create_thing.sync(client=client, body=ThingInput(text="a\0b"))
assert isinstance(invalid, Problem) and isinstance(invalid.errors, list)
[error] = invalid.errors
assert (invalid.status, error.code, error.pointer) == (422, "not_storable", "#/text")

# Both exports.
ndjson = export_things_as_ndjson.sync(client=client, q="walk")
assert isinstance(ndjson, File)
assert [json.loads(line)["text"] for line in ndjson.payload] == [f"walk {n}" for n in range(7)]
table = export_things_as_csv.sync(client=client, q="walk")
assert isinstance(table, str)
assert [row["text"] for row in csv.DictReader(StringIO(table))] == [f"walk {n}" for n in range(7)]

# A deleted thing is gone.
assert delete_thing.sync_detailed(thing.id, client=client).status_code == 204
gone = get_thing.sync(thing.id, client=client)
assert isinstance(gone, Problem) and gone.status == 404

# Another resource, with a date, an enum and a reference.
due, high = date(2026, 12, 31), NoteInputPriority.HIGH
draft = NoteInput(title="walk", due=due, priority=high, thing_id=made[0].id)
note = create_note.sync(client=client, body=draft)
assert isinstance(note, Note) and (note.due, note.thing_id, note.done) == (due, made[0].id, False)
urgent = list_notes.sync(client=client, priority=ListNotesPriority.HIGH, thing_id=made[0].id)
assert urgent == [note]
