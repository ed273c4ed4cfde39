"""Load against this service and its peers, each a real server: `make bench`."""
