"""The fields and schemas of a resource, derived from its columns."""
