"""SQLite: one file, shared by all workers."""
