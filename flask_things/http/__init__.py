"""HTTP: parsing, problems, conditional requests, retries, pagination and caching."""
