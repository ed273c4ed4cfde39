"""What the journal tells of a resource: its trash and its versions."""
