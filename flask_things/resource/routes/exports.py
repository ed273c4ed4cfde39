"""Exports: all selected rows as a file."""

from typing import Any

from flask import Response

from flask_things.api.components import EXPORT, FILE, attachment
from flask_things.resource.declaration import Declaration
from flask_things.resource.operations import operation
from flask_things.resource.transfer import exports


class Exports(Declaration):
    """The operations that return files."""

    @operation(
        "GET /{name}.ndjson",
        "export{Many}AsNDJSON",
        returns="The selected {many}.",
        query="selection",
        answer=EXPORT,
        content_type=exports.NDJSON,
        headers=attachment("ndjson"),
        other_content={"application/octet-stream": FILE},
    )
    def export_ndjson(self, **selection: Any) -> Response:
        """Export {many} as NDJSON

        Returns all {many} that the filters select, one JSON object per line, from one snapshot of
        the database.
        """
        return exports.to_ndjson(self.collection, selection, self.name)

    @operation(
        "GET /{name}.csv",
        "export{Many}AsCSV",
        returns="The selected {many}.",
        query="selection",
        answer=EXPORT,
        content_type=exports.CSV,
        headers=attachment("csv"),
    )
    def export_csv(self, **selection: Any) -> Response:
        """Export {many} as CSV

        Returns all {many} that the filters select, from one snapshot of the database. The format is
        RFC 4180 in UTF-8, with a header line.
        """
        return exports.to_csv(self.collection, selection, self.name)
