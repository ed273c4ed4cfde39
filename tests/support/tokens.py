"""Tokens, calls that send them, and answers that refuse them."""

from sqlalchemy import update

from flask_things.db.session import db
from flask_things.db.types import utc_now
from flask_things.security.tokens import Token

#: A call of each kind, in the order in which they can be made.
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
    """Return the token that a header has."""
    return headers["Authorization"].removeprefix("Bearer ")


def let_expire(app):
    """Let all tokens expire now."""
    with app.app_context():
        db.session.execute(update(Token).values(expires_at=utc_now()))
        db.session.commit()


def write(client, method, headers=None):
    """Write something; return the answer."""
    return client.open(WRITES[method], method=method, json={"text": "x"}, headers=headers)


def assert_401(answer, error=', error="invalid_token"'):
    """Check that an answer is a refusal by the book."""
    assert answer.status_code == 401
    assert answer.content_type == "application/problem+json"
    assert answer.headers["WWW-Authenticate"] == f'Bearer realm="flask-things"{error}'
    assert answer.headers["Cache-Control"] == "no-store"
