"""A walk through the API with the client that openapi-python-client generates; mypy checks it."""

import re
import sys

from things_client import Client
from things_client.api.things import (
    create_thing,
    create_things,
    delete_thing,
    get_thing,
    list_things,
    replace_thing,
)
from things_client.models import ListThingsSort, Problem, Thing, ThingInput
from things_client.types import UNSET, Unset

client = Client(base_url=sys.argv[1])

# Create one, and a retry that creates none.
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

# An update of the version that is there, then one of a version that is there no more.
etag = get_thing.sync_detailed(thing.id, client=client).headers["ETag"]
body = ThingInput(text="two")
updated = replace_thing.sync(thing.id, client=client, body=body, if_match=etag)
assert isinstance(updated, Thing) and updated.text == "two"
assert updated.updated_at > updated.created_at
conflict = replace_thing.sync(thing.id, client=client, body=body, if_match=etag)
assert isinstance(conflict, Problem) and conflict.status == 412

# Deleted, it is gone.
assert delete_thing.sync_detailed(thing.id, client=client).status_code == 204
gone = get_thing.sync(thing.id, client=client)
assert isinstance(gone, Problem) and gone.status == 404
