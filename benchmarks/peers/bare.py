"""Constant bytes under the very settings of gunicorn that are used here: the limit.

The application's own answers are recorded once, and then given to everybody.
"""

from flask_things import create_app
from flask_things.migrations import prepare

app = create_app()
prepare(app)
BODY = {"text": "thing 1 lorem ipsum dolor sit amet"}


def record(method, path, body=None):
    """Return the status, the header fields and the body of an answer of the application's."""
    response = app.test_client().open(path, method=method, json=body)
    return response.status, list(response.headers), [response.get_data()]


ONE = record("GET", "/things/1")
MANY = record("GET", "/things")
WRITTEN = {"POST": record("POST", "/things", BODY), "PUT": record("PUT", "/things/1", BODY)}


def answer(environ, start_response):
    """Answer what was recorded, after reading the body."""
    recorded = MANY if environ["PATH_INFO"] == "/things" else ONE
    if environ["REQUEST_METHOD"] in WRITTEN:
        environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        recorded = WRITTEN[environ["REQUEST_METHOD"]]
    status, fields, body = recorded
    start_response(status, fields)
    return body


app.wsgi_app = answer  # gunicorn's hooks still find the application and its database
