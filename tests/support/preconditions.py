"""ETags for conditional requests."""


def etag(client, path="/things/1"):
    """Return the current ETag."""
    return client.get(path).headers["ETag"]
