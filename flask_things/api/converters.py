"""The parameters of paths."""

from werkzeug.routing import BaseConverter


class IdConverter(BaseConverter):
    """An id in a URL: ASCII digits without sign and leading zeros, so that a row has one URL."""

    regex = "0|[1-9][0-9]{0,4000}"  # int() fails over 4 300 digits

    def to_python(self, value: str) -> int:
        """Return the id."""
        return int(value)
