"""Posts with an Idempotency-Key, and the stored texts."""

KEY = {"Idempotency-Key": "3f0c-1"}


def post(client, text="x", path="/things", **headers):
    """Post with a key."""
    body = [{"text": text}] if path == "/things/bulk" else {"text": text}
    return client.post(path, json=body, headers=KEY | headers)


def texts(client):
    """Return the texts of all things."""
    return [thing["text"] for thing in client.get("/things").json]
