"""The resource: what a thing is."""
