"""Connections: timeouts, and limits for large bodies and responses."""
