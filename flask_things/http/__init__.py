"""HTTP: parsing, problems, conditional requests, retries, pages and caching, a module each."""
