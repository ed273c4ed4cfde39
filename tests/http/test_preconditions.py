"""Conditional requests (RFC 9110, section 13) that read or write a thing."""

import pytest

from tests.support.preconditions import etag

WRITES = ["PUT", "PATCH", "DELETE"]

#: The tags that compressing proxies create; `bare` is the original one.
REWRITTEN = [
    'W/"{bare}"',  # nginx, haproxy, Varnish
    '"{bare}-gzip"',  # Apache, Caddy, lighttpd
    '"{bare}-br"',
    '"{bare}-zstd"',
    '"{bare}--gzip"',  # Jetty
    '"{bare};gzip"',  # old middleware of Django's
    'W/"{bare}-gzip"',  # two proxies
]

#: Tags that no proxy creates.
FOREIGN = [
    *('"{bare}x"', '"{bare}gzip"', '"{bare}-"', '"{bare}-x"', '"{bare}-gzip-gzip"', '"-gzip"'),
    *('"{bare} -gzip"', "{bare}-gzip", "W/{bare}", 'W/W/"{bare}"', '"W/{bare}"', '"x{bare}-gzip"'),
]


@pytest.fixture
def thing(client):
    """Return an existing thing."""
    return client.post("/things", json={"text": "x"}).json


def write(client, method, body=None, **headers):
    """Write the first thing conditionally."""
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    body = None if method == "DELETE" else body or {"text": "y"}
    return client.open("/things/1", method=method, json=body, headers=fields)


def ask(client, path="/things/1", method="GET", **headers):
    """Read conditionally."""
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.open(path, method=method, headers=fields)


def test_things_alike_have_etags_of_their_own(client, thing):
    client.post("/things", json={"text": "x"})
    assert etag(client, "/things/1") != etag(client, "/things/2")


def test_a_restored_backup_brings_no_etag_back_for_another_content(client, thing, file, connection):
    backup = file.with_name("backup.sqlite3")
    connection.execute("VACUUM INTO ?", [str(backup)])
    first = client.put("/things/1", json={"text": "before the restore"}).headers["ETag"]
    connection.execute("ATTACH ? AS backup", [str(backup)])
    connection.execute(
        "UPDATE thing SET (text, updated_at) = (SELECT text, updated_at FROM backup.thing)"
    )
    connection.commit()
    assert client.put("/things/1", json={"text": "after it"}).headers["ETag"] != first


@pytest.mark.sqlite
@pytest.mark.parametrize("path", ["/things/1", "/things?limit=1&total=true"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', '"a,b" ,\t{} , "c"', "*", '"x",,{}'])
def test_a_known_version_is_304(client, thing, path, method, form):
    client.post("/things", json={"text": "second"})
    whole = client.get(path)
    tag = whole.headers["ETag"]
    response = ask(client, path, method, If_None_Match=form.format(tag))
    assert (response.status_code, response.data) == (304, b"")
    assert "Content-Type" not in response.headers
    assert "Content-Length" not in response.headers
    for name in ("ETag", "Cache-Control", "Link", "X-Total-Count"):
        assert response.headers.get(name) == whole.headers.get(name)


@pytest.mark.sqlite
@pytest.mark.parametrize(
    "form", ["", '"other"', "other", "{bare}", "w/{}", "x{}", "{}x", '""', "'{bare}'"]
)
def test_an_unknown_version_is_200(client, thing, form):
    tag = etag(client)
    field = form.format(tag, bare=tag.strip('"'))
    assert ask(client, If_None_Match=field).status_code == 200


def test_if_match_takes_precedence_over_if_none_match(client, thing):
    tag = etag(client)
    assert ask(client, If_Match='"other"', If_None_Match=tag).status_code == 412
    assert ask(client, If_Match=tag, If_None_Match=tag).status_code == 304


@pytest.mark.parametrize("change", ["text", "more", "total"])
def test_the_etag_of_a_list_covers_body_link_and_total(client, thing, change):
    """One more thing changes only the Link or total of the page, but not its body."""
    path = "/things?limit=1" + ("&total=true" if change == "total" else "")
    if change == "total":
        client.post("/things", json={"text": "second"})
    before = etag(client, path)
    if change == "text":
        client.put("/things/1", json={"text": "y"})
    else:
        client.post("/things", json={"text": "one more"})
    assert ask(client, path, If_None_Match=before).status_code == 200


@pytest.mark.parametrize("method", WRITES)
@pytest.mark.parametrize("form", ["{}", "*", '"other", {}', ' {} ,"other"'])
def test_a_write_of_the_version_that_is_there_succeeds(client, thing, method, form):
    response = write(client, method, If_Match=form.format(etag(client)))
    assert response.status_code == (204 if method == "DELETE" else 200)


@pytest.mark.sqlite
@pytest.mark.parametrize("method", WRITES)
@pytest.mark.parametrize("form", REWRITTEN)
def test_a_write_of_this_version_succeeds_though_a_proxy_rewrote_its_tag(
    client, thing, method, form
):
    tag = form.format(bare=etag(client).strip('"'))
    assert write(client, method, If_Match='"other"').status_code == 412
    assert write(client, method, If_None_Match=tag).status_code == 412
    assert write(client, method, If_Match=f'"other", {tag}').status_code < 300


@pytest.mark.sqlite
@pytest.mark.parametrize("form", REWRITTEN)
def test_a_known_version_is_304_even_if_a_proxy_rewrote_its_tag(client, thing, form):
    for path in ("/things/1", "/things", "/openapi.json", "/docs"):
        plain = etag(client, path)
        response = ask(client, path, If_None_Match=form.format(bare=plain.strip('"')))
        assert (response.status_code, response.headers["ETag"]) == (304, plain)


@pytest.mark.sqlite
@pytest.mark.parametrize("form", FOREIGN)
def test_no_other_tag_matches_as_a_rewritten_one(client, thing, form):
    tag = form.format(bare=etag(client).strip('"'))
    assert write(client, "PUT", If_Match=tag).status_code == 412
    assert ask(client, If_None_Match=tag).status_code == 200


@pytest.mark.parametrize("path", ["/openapi.json", "/docs"])
def test_a_page_obeys_preconditions_as_a_thing_does(client, path):
    assert ask(client, path, If_Match='"other"').status_code == 412
    assert ask(client, path, If_Match=etag(client, path)).status_code == 200
    assert ask(client, path, "HEAD", If_None_Match=etag(client, path)).status_code == 304


@pytest.mark.parametrize("method", WRITES)
@pytest.mark.parametrize("form", ['"other"', "{bare}", "", '"{bare}', "w/{}", ","])
def test_a_write_of_another_version_is_412_and_changes_nothing(client, thing, method, form):
    tag = etag(client)
    response = write(client, method, If_Match=form.format(tag, bare=tag.strip('"')))
    assert response.status_code == 412
    assert response.content_type == "application/problem+json"
    assert client.get("/things/1").json == thing


@pytest.mark.parametrize("method", WRITES)
@pytest.mark.parametrize("form", ["*", "{}", "W/{}"])
def test_a_write_of_the_version_in_if_none_match_is_412(client, thing, method, form):
    assert write(client, method, If_None_Match=form.format(etag(client))).status_code == 412
    assert client.get("/things/1").json == thing


@pytest.mark.parametrize("method", WRITES)
def test_a_write_of_another_version_than_if_none_match_succeeds(client, thing, method):
    assert write(client, method, If_None_Match='"other"').status_code < 300
