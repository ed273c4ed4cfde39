"""/healthz and /readyz."""

import pytest

from flask_things import create_app


def test_ready_means_that_the_schema_is_up_to_date(app, client, connection):
    assert client.get("/readyz").json == {"status": "ok"}
    connection.execute("UPDATE alembic_version SET version_num = 'another'")
    connection.commit()
    response = client.get("/readyz")
    assert (response.status_code, response.content_type) == (503, "application/problem+json")
    assert response.headers["Retry-After"]


@pytest.mark.sqlite
def test_without_a_database_the_process_is_well_but_not_ready(environ):
    client = create_app(environ).test_client()
    assert client.get("/healthz").json == {"status": "ok"}
    assert client.get("/readyz").status_code == 503
