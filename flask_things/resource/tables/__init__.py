"""A resource's table: what every row has, indexes, triggers and the search."""
