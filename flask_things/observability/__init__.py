"""Access log, metrics and Server-Timing."""
