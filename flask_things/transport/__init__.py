"""Connections: deadlines, and limits on what large bodies and responses take."""
