"""What a client knows before it sends a conditional request."""


def etag(client, path="/things/1"):
    """Return the ETag that something has now."""
    return client.get(path).headers["ETag"]
