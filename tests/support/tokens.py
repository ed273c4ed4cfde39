"""Tokens, requests with them, and rejections."""

from sqlalchemy import update

from flask_things.db.session import db
from flask_things.db.types import utc_now
from flask_things.security.tokens import Token

#: One call of each kind, in a possible order.
WRITES = {
    "POST": "/things",
    "PUT": "/things/1",
    "PATCH": "/things/1",
    "DELETE": "/things/1",
}


def bearer(token):
    """Return the header field that has a token."""
    return {"Authorization": f"Bearer {token}"}


def secret_of(headers):
    """Return the token in a header."""
    return headers["Authorization"].removeprefix("Bearer ")


def let_expire(app):
    """Expire all tokens now."""
    with app.app_context():
        db.session.execute(update(Token).values(expires_at=utc_now()))
        db.session.commit()


def write(client, method, headers=None):
    """Write something, and return the response."""
    return client.open(WRITES[method], method=method, json={"text": "x"}, headers=headers)


def assert_401(answer, error=', error="invalid_token"'):
    """Check that a response rejects a token as RFC 6750 defines."""
    assert answer.status_code == 401
    assert answer.content_type == "application/problem+json"
    assert answer.headers["WWW-Authenticate"] == f'Bearer realm="flask-things"{error}'
    assert answer.headers["Cache-Control"] == "no-store"
