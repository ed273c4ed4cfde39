"""/healthz and /readyz, for load balancers and container engines."""

from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from flask_things.api.blueprint import Blueprint
from flask_things.api.schemas import HealthSchema
from flask_things.db.backend import Unavailable
from flask_things.db.session import backend_of, db
from flask_things.http.problems import away
from flask_things.migrations import is_current

blp = Blueprint(
    "health", __name__, description="Check whether the service is up. Needs no token.", is_open=True
)


@blp.operation(
    "GET",
    "/healthz",
    "getHealth",
    returns="The process responds.",
    answer=HealthSchema,
    security=[],
)
def healthz() -> Any:
    """Check that the process responds

    For a supervisor that restarts the process if it does not.
    """
    return {"status": "ok"}


@blp.operation(
    "GET",
    "/readyz",
    "getReadiness",
    returns="The service is ready.",
    answer=HealthSchema,
    security=[],
    responses={503: "ServiceUnavailable"},
)
def readyz() -> Any:
    """Check that the service can serve requests

    The database responds, its schema is up to date, and it is not damaged. For load balancers.
    """
    try:
        ready = is_current(db.session.connection()) and backend_of(db.session).is_sound()
    except (SQLAlchemyError, Unavailable):
        ready = False
    if not ready:
        raise away()
    return {"status": "ok"}
