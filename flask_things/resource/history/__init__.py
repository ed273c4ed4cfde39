"""The history of a resource, from the journal: its changes, trash and versions."""
