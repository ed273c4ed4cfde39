"""The schemas of things."""

from flask_things.resource.models import Thing
from flask_things.resource.schemas import derive

SCHEMAS = derive(Thing, {"text": "buy milk"})
