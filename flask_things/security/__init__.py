"""Authentication, rate limits, trusted hosts and proxies."""
