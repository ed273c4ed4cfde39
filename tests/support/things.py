"""Things, as `flask shell` knows them."""

from flask_things.db.errors import NotFound
from flask_things.things import THINGS, Thing

__all__ = ["THINGS", "NotFound", "Thing"]

create_thing = THINGS.collection.create
create_things = THINGS.collection.create_many
get_thing = THINGS.collection.get
list_things = THINGS.collection.find
count_things = THINGS.collection.count
export_things = THINGS.collection.export
update_thing = THINGS.collection.update
delete_thing = THINGS.collection.delete
