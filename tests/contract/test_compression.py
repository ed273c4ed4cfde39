"""gzip for lists and exports, but nothing else, if the client accepts it."""

import pytest

from tests.support.document import plain

GZIP = {"Accept-Encoding": "gzip"}
NONE = {"Accept-Encoding": "gzip;q=0"}
EXPORTS = [".ndjson", ".csv"]


@pytest.fixture
def many(rows):
    """Create enough rows for a compressed list, and return them."""
    return rows.create_many([rows.body(number) for number in range(20, 32)])


@pytest.mark.parametrize("path", ["", "?limit=10&total=true", *EXPORTS])
def test_a_client_that_accepts_gzip_gets_the_same_compressed(rows, many, path):
    whole, compressed = rows.get(path, headers=NONE), rows.get(path, headers=GZIP)
    assert "Content-Encoding" not in whole.headers
    assert compressed.headers["Content-Encoding"] == "gzip"
    assert len(compressed.data) < len(whole.data) / 2
    assert plain(compressed) == whole.data
    for response in (whole, compressed, rows.get(path)):
        assert response.headers["Vary"] == "Accept-Encoding"
    for name in ("Link", "X-Total-Count", "Content-Type", "Content-Disposition", "Cache-Control"):
        assert compressed.headers.get(name) == whole.headers.get(name)


def test_a_short_list_is_sent_as_it_is(rows):
    response = rows.get(headers=GZIP)
    assert (response.data, response.headers["Vary"]) == (b"[]\n", "Accept-Encoding")
    assert "Content-Encoding" not in response.headers


def test_each_variant_of_a_list_has_its_tag_which_304_repeats(rows, many):
    """Also if a proxy such as Caddy has removed its suffix."""
    tag = rows.get(headers=NONE).headers["ETag"]
    compressed = rows.get(headers=GZIP).headers["ETag"]
    assert compressed == tag[:-1] + '-gzip"'
    for known in (tag, compressed, f"W/{compressed}"):
        for accepted, own in ((NONE, tag), (GZIP, compressed)):
            response = rows.get(headers=accepted | {"If-None-Match": known})
            assert (response.status_code, response.data) == (304, b"")
            assert (response.headers["ETag"], response.headers["Vary"]) == (own, "Accept-Encoding")
            assert "Content-Encoding" not in response.headers
    rows.create(32)
    assert rows.get(headers=GZIP | {"If-None-Match": compressed}).status_code == 200


@pytest.mark.parametrize("path", ["", *EXPORTS])
@pytest.mark.parametrize("accepted", [GZIP, NONE])
def test_head_has_the_fields_of_get(rows, many, path, accepted):
    got, head = (
        rows.client.open(f"{rows.path}{path}", method=method, headers=accepted)
        for method in ("GET", "HEAD")
    )
    assert head.data == b""
    ids = [dict(response.headers, **{"X-Request-ID": ""}) for response in (got, head)]
    assert ids[0] == ids[1]


def test_one_row_a_problem_and_a_write_are_never_compressed(rows):
    body = rows.body() | {
        column.name: "x" * column.type.maximum
        for column in rows.plain
        if hasattr(column.type, "maximum") and isinstance(rows.body()[column.name], str)
    }
    made = rows.post(body, headers=GZIP)
    assert made.status_code == 201
    row, url = made.json, rows.url(made.json)
    responses = [
        made,
        rows.client.get(url, headers=GZIP),
        rows.client.put(url, json=rows.body(1), headers=GZIP),
        rows.client.patch(url, json={}, headers=GZIP),
        rows.post([rows.body(number) for number in range(20, 32)], "/bulk", headers=GZIP),
        rows.get("?" + "&".join(f"unknown{n}=" for n in range(50)), headers=GZIP),
        rows.get(f"/{row['id'] + 1000}", headers=GZIP),
    ]
    for response in responses:
        assert not {"Content-Encoding", "Vary"} & set(response.headers.keys())
        assert "-gzip" not in response.headers.get("ETag", "")


def test_the_tag_of_a_compressed_list_is_valid_for_a_write(rows, many):
    """A POST creates an item of the list, so its target is the list."""
    tag = rows.get(headers=GZIP).headers["ETag"]
    body = rows.body(33)
    assert rows.post(body, headers={"If-None-Match": tag}).status_code == 412
    assert rows.post(body, headers=GZIP | {"If-Match": tag}).status_code == 201


@pytest.mark.sqlite
def test_both_variants_of_a_list_are_kept_in_the_cache(rows, many):
    for headers in (GZIP, NONE, {"Accept-Encoding": "br, gzip;q=0.5"}):
        first, again = (rows.get(headers=headers) for _ in range(2))
        assert (first.data, first.headers["ETag"]) == (again.data, again.headers["ETag"])
        assert ("Content-Encoding" in again.headers) == (headers is not NONE)
