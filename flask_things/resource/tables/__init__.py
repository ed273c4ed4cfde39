"""The table of a resource: common columns, indexes, triggers and the search."""
