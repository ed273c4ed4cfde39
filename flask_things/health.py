"""/healthz and /readyz, for load balancers and container engines."""

from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from flask_things.api.blueprint import Blueprint
from flask_things.api.schemas import HealthSchema
from flask_things.db.backend import Away
from flask_things.db.session import backend_of, db
from flask_things.http.problems import away
from flask_things.migrations import is_current

blp = Blueprint("health", __name__, description="Is the service up?", is_open=True)


@blp.operation("GET", "/healthz", "getHealth", answer=HealthSchema, security=[])
def healthz() -> Any:
    """Tell whether the process answers

    For what restarts it if not.
    """
    return {"status": "ok"}


@blp.operation(
    "GET",
    "/readyz",
    "getReadiness",
    answer=HealthSchema,
    security=[],
    responses={503: "ServiceUnavailable"},
)
def readyz() -> Any:
    """Tell whether requests can be served

    The database answers, its schema is up to date, and nobody has met damage in it.
    """
    try:
        ready = is_current(db.session.connection()) and backend_of(db.session).is_sound()
    except (SQLAlchemyError, Away):
        ready = False
    if not ready:
        raise away()
    return {"status": "ok"}
