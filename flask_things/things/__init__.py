"""The resource: what a thing is. Copy this folder for a resource of your own, or replace it."""

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
