"""Conditional creation: the conditions apply to the list."""

import pytest

from tests.support.preconditions import etag


@pytest.fixture(params=["/things", "/things/bulk"])
def create(client, request):
    """Return a function that creates a thing conditionally."""
    body = {"text": "x"}

    def create(**headers):
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        json = [body] if request.param.endswith("bulk") else body
        return client.post(request.param, json=json, headers=fields)

    return create


@pytest.mark.parametrize("count", [0, 1, 100, 101])
def test_a_post_to_the_list_as_it_is_succeeds(client, create, count):
    """Also if the list has several pages, so that the first has a Link."""
    for _ in range(count):
        client.post("/things", json={"text": "x"})
    tag = etag(client, "/things")
    assert create(If_None_Match=tag).status_code == 412
    assert create(If_Match=tag, If_None_Match='"other"').status_code == 201


@pytest.mark.parametrize("tag", ['"other"', "x", ""])
def test_a_post_to_another_list_is_412(client, create, tag):
    assert create(If_Match=tag).status_code == 412
    assert create(If_None_Match=tag).status_code == 201


def test_a_retry_gets_the_first_response_even_if_the_list_has_changed(client, create):
    demands = {"If_Match": etag(client, "/things"), "Idempotency_Key": "1"}
    first, again = create(**demands), create(**demands)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.data == first.data
