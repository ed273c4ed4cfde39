"""Simultaneous restores, deletions and erasures against the real server."""

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

CLIENTS = 8
ROUNDS = 15


def test_simultaneous_restores_all_succeed_and_create_one_row(serve):
    server = serve(WEB_CONCURRENCY="4")
    server.request("POST", "/things", {"text": "x"})

    def restore(_):
        status, headers, thing = server.request("POST", "/things/1/restore")
        return status, headers["ETag"], thing["updated_at"]

    with ThreadPoolExecutor(CLIENTS) as clients:
        for _ in range(ROUNDS):
            assert server.request("DELETE", "/things/1")[0] == 204
            [(status, etag, updated_at)] = set(clients.map(restore, range(CLIENTS)))
            assert status == 200
            [thing] = server.request("GET", "/things")[2]
            assert thing["updated_at"] == updated_at
            assert server.request("GET", "/things/1")[1]["ETag"] == etag
    changes = [one["change"] for one in server.request("GET", "/things/1/versions")[2]]
    assert changes == ["restored", "deleted"] * ROUNDS + ["created"]


def test_of_a_restore_and_an_erasure_exactly_one_succeeds(serve):
    server = serve(WEB_CONCURRENCY="4")
    server.request("POST", "/things/bulk", [{"text": "x"}] * ROUNDS)

    def call(request):
        return server.request(*request)[0]

    with ThreadPoolExecutor(CLIENTS) as clients:
        for thing_id in range(1, ROUNDS + 1):
            assert server.request("DELETE", f"/things/{thing_id}")[0] == 204
            restore = ("POST", f"/things/{thing_id}/restore")
            erase = ("DELETE", f"/things/trash/{thing_id}")
            statuses = list(clients.map(call, [restore, erase] * (CLIENTS // 2)))
            restored, erased = set(statuses[::2]), sorted(statuses[1::2])
            if server.request("GET", f"/things/{thing_id}")[0] == 200:
                assert (restored, set(erased)) == ({200}, {404})
            else:
                assert (restored, erased) == ({404}, [204] + [404] * (CLIENTS // 2 - 1))
                assert server.request("GET", f"/things/{thing_id}/versions")[0] == 404


def test_deletions_and_restores_at_once_lose_nothing(serve):
    """In any order, the row exists or is in the trash, with its text."""
    server = serve(WEB_CONCURRENCY="4")
    server.request("POST", "/things", {"text": "x"})

    def call(number):
        request = ("POST", "/things/1/restore") if number % 2 else ("DELETE", "/things/1")
        return server.request(*request)[0]

    with ThreadPoolExecutor(CLIENTS) as clients:
        statuses = list(clients.map(call, range(CLIENTS * ROUNDS)))
    assert set(statuses[1::2]) == {200}
    assert set(statuses[::2]) <= {204, 404}
    versions = server.request("GET", "/things/1/versions?limit=1000")[2]
    assert sum(one["change"] == "deleted" for one in versions) == statuses.count(204)
    assert {one["thing"]["text"] for one in versions if one["thing"]} == {"x"}
    there, in_trash = server.request("GET", "/things")[2], server.request("GET", "/things/trash")[2]
    assert [thing["text"] for thing in there + in_trash] == ["x"]
    for newer, older in pairwise(versions):
        assert (newer["thing"] is None) != (older["thing"] is None)
