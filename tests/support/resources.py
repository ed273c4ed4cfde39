"""The resources of the contract tests, and their rows."""

from flask_things.app import RESOURCES
from flask_things.db.session import db
from tests.support.samples import ORDERS
from tests.support.values import is_overridden, value

READ_ONLY = ("id", "created_at", "updated_at")


def served():
    """Return every resource of this application, and those of the tests."""
    extra = [ORDERS]
    if "notes" not in (resource.name for resource in RESOURCES):
        try:
            from examples.notes import NOTES
        except ImportError:  # `make lean` has removed it
            pass
        else:
            extra.append(NOTES)
            db.metadata.remove(NOTES.table)  # no migration creates it
    return [*RESOURCES, *extra]


class Rows:
    """The rows of a resource as a client sees them. No field is known by name."""

    def __init__(self, resource, resources, client):
        self.resource, self.client, self.path = resource, client, f"/{resource.name}"
        self.table = resource.table
        self._by_table = {one.table.name: one for one in resources}
        self._resources = resources
        fields = resource.schemas.input().fields
        self.fields = [name for name, field in fields.items() if not field.dump_only]
        self._required = {name for name in self.fields if fields[name].required}
        self.columns = [resource.table.c[n] for n in self.fields if n in resource.table.c]
        self.plain = [c for c in self.columns if not is_overridden(resource, c.name)]
        searched = resource.collection.queries.narrowing.searched
        self.searched = None if searched is None else searched.name
        self.example = resource.schemas.input.example
        self.sorts = list(resource.collection.queries.sorts)
        self._targets = {}

    def body(self, number=0, /, **fields):
        """Return a valid body with every field. Each number gives a different body."""
        return {**self.example, **self._values(number, self.plain), **fields}

    def minimal(self, number=0, /, **fields):
        """Return a valid body with only the fields that have no default."""
        required = [column for column in self.plain if column.name in self._required]
        example = {name: self.example[name] for name in self._required & self.example.keys()}
        return {**example, **self._values(number, required), **fields}

    def _values(self, number, columns):
        return {column.name: self._value(column, number) for column in columns}

    def _value(self, column, number):
        """Return the value of a field. A reference has a row, except in a cycle."""
        for reference in column.foreign_keys:
            table = reference.column.table
            is_circle = column.nullable and self.table in self._reached(table)
            return None if is_circle else self.target(table.name)
        return value(column, number)

    def _reached(self, table, found=()):
        """Return the tables that a table refers to, including itself."""
        found = {table, *found}
        for key in table.foreign_keys:
            if key.column.table not in found:
                found |= self._reached(key.column.table, found)
        return found

    @property
    def references(self):
        """Return the columns that refer to rows of other resources, except cycles."""
        return [c for c in self.columns if c.foreign_keys and self._value(c, 0) is not None]

    def target(self, table):
        """Return the id of a row of another resource, which is created if needed."""
        if table not in self._targets:
            other = Rows(self._by_table[table], self._resources, self.client)
            found = other.get("?limit=1").json or [other.create_many([other.minimal()])[0]]
            self._targets[table] = found[0]["id"]
        return self._targets[table]

    def target_all(self):
        """Create the rows that rows refer to."""
        self.body()

    def of(self, resource):
        """Return the rows of another resource."""
        return Rows(resource, self._resources, self.client)

    def loaded(self, number=0, /):
        """Return the loaded values of a valid body, as they are stored."""
        return dict(self.resource.schemas.input().load(self.body(number)))

    def name_of(self, table):
        """Return the name of the resource of a table."""
        return self._by_table[table].name

    def post(self, body, path="", **options):
        """Create a row, or several with `/bulk`, and return the response."""
        return self.client.post(f"{self.path}{path}", json=body, **options)

    def create(self, number=0, /, **fields):
        """Create a row, and return it as the client gets it."""
        response = self.post(self.body(number, **fields))
        assert response.status_code == 201, response.text
        return response.json

    def create_many(self, bodies):
        """Create rows, and return them as the client gets them."""
        response = self.post(bodies, "/bulk")
        assert response.status_code == 201, response.text
        return response.json

    def url(self, row):
        """Return the URL of a row."""
        return f"{self.path}/{row['id']}"

    def get(self, path="", **options):
        """Return the list, or a resource below it."""
        return self.client.get(f"{self.path}{path}", **options)

    def ids(self, path=""):
        """Return the ids of a page."""
        response = self.get(path)
        assert response.status_code == 200, response.text
        return [row["id"] for row in response.json]


def pointers(response, status=422):
    """Return the pointers of a problem."""
    assert response.status_code == status, response.text
    assert response.content_type == "application/problem+json"
    return [error["pointer"] for error in response.json["errors"]]


def parameters(response):
    """Return the parameters of a problem."""
    assert response.status_code == 422, response.text
    return [error["parameter"] for error in response.json["errors"]]
