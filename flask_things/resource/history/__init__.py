"""What the journal tells of a resource: its changes, its trash and its versions."""
