"""External tools that judge the API. `make judge` installs and runs them."""
