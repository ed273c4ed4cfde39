"""The resource of the service: things. Copy or replace this package for your own resource."""

from flask_things.resource.routes import Resource
from flask_things.things.model import Thing

__all__ = ["THINGS", "Thing"]

THINGS = Resource(
    "things",
    Thing,
    searched="text",
    filters=("text",),
    sorts=("text",),
    example={"text": "buy milk"},
)
