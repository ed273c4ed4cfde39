"""What surrounds every resource: tokens, limits, cache, metrics, `flask shell`."""

import pytest

from flask_things import create_app
from flask_things.db.session import db
from flask_things.security.tokens import create_token
from tests.support.resources import Rows
from tests.support.statements import statements


@pytest.fixture
def served(environ, resource, resources):
    """Return a function that returns the rows of an application with other settings."""
    apps = []

    def serve(**settings):
        apps.append(create_app(environ | settings, resources))
        return Rows(resource, resources, apps[-1].test_client())

    yield serve
    for app in apps:
        with app.app_context():
            db.engine.dispose()


def calls(rows, row):
    """Return the method, the path and the body of every call."""
    return [
        ("GET", rows.path, None),
        ("GET", f"{rows.path}.csv", None),
        ("GET", f"{rows.path}.ndjson", None),
        ("POST", rows.path, rows.body(1)),
        ("POST", f"{rows.path}/bulk", [rows.body(2)]),
        ("GET", rows.url(row), None),
        ("PUT", rows.url(row), rows.body(3)),
        ("PATCH", rows.url(row), {}),
        ("DELETE", rows.url(row), None),
        ("GET", f"{rows.path}/trash", None),
        ("POST", f"{rows.url(row)}/restore", None),
        ("GET", f"{rows.url(row)}/versions", None),
        ("DELETE", rows.url(row), None),
        ("DELETE", f"{rows.path}/trash/{row['id']}", None),
    ]


@pytest.mark.sqlite
def test_every_call_takes_a_token_and_every_write_one_that_may_write(rows, served):
    row, guarded = rows.create(), served(THINGS_AUTH="all")
    with guarded.client.application.app_context():
        writer = create_token(db.session, "writer")
        reader = create_token(db.session, "reader", read_only=True)
    for method, path, body in calls(rows, row):
        statuses = [
            guarded.client.open(
                path, method=method, json=body, headers={"Authorization": f"Bearer {token}"}
            ).status_code
            for token in ("unknown", reader, writer)
        ]
        done = {"POST": 200 if body is None else 201, "DELETE": 204}.get(method, 200)
        allowed = (403, done)
        assert statuses == [401, *((200, 200) if method == "GET" else allowed)], (method, path)
        assert guarded.client.open(path, method=method, json=body).status_code == 401


@pytest.mark.sqlite
def test_every_call_counts_for_the_rate_limit(rows, served):
    row = rows.create()
    limited = served(THINGS_RATE_LIMIT="4/hour")
    requests = calls(rows, row)
    statuses = [
        limited.client.open(path, method=method, json=body).status_code
        for method, path, body in (requests[0], requests[3], requests[5], requests[1], *requests)
    ]
    assert statuses[:4] == [200, 201, 200, 200]
    assert set(statuses[4:]) == {429}


def test_cached_responses_are_never_stale(app, rows, connection):
    """It reflects changes by this process, by a shell and by another program."""
    row, table = rows.create(), rows.resource.table.name
    paths = (rows.path, rows.url(row), f"{rows.path}?sort=-updated_at&total=true")

    def seen():
        return [(r.json, r.headers["ETag"]) for r in map(rows.client.get, paths)]

    def by_client():
        rows.client.put(rows.url(row), json=rows.body(1))

    def by_shell():
        with app.app_context():
            rows.resource.collection.update(db.session, row["id"], **rows.loaded(2))

    def by_another_program():
        moved = "'2031-02-03 04:05:06.123456'"
        connection.execute(f'UPDATE "{table}" SET updated_at = {moved} WHERE id = {row["id"]}')
        connection.commit()

    answers = [seen()]
    for write in (by_client, by_shell, by_another_program):
        assert seen() == answers[-1]
        write()
        assert all(a != b for a, b in zip(seen(), answers[-1], strict=True)), write.__name__
        answers.append(seen())


@pytest.mark.sqlite
def test_a_get_that_is_repeated_does_not_query_the_database(app, rows):
    row = rows.create()
    paths = (rows.path, rows.url(row))
    for path in paths:
        rows.client.get(path)
    with statements(app) as seen:
        for path in paths:
            assert rows.client.get(path).status_code == 200
    assert seen == []


def test_a_shell_has_functions_by_names_of_their_own(app, rows, resources, resource):
    names = [name for one in resources for name in one.shell_names()]
    assert len(set(names)) == len(names)
    with app.app_context():
        shell = app.make_shell_context()
        one, many = resource.table.name, resource.name.replace("-", "_")
        made = shell[f"create_{one}"](db.session, **rows.loaded())
        assert shell[f"get_{one}"](db.session, made.id) == made
        assert [row.id for row in shell[f"list_{many}"](db.session)] == [made.id]
        assert shell[f"count_{many}"](db.session) == 1
        assert shell[resource.model.__name__] is resource.model
        shell[f"delete_{one}"](db.session, made.id)
        assert list(shell[f"export_{many}"](db.session)) == []
