"""The commands of `flask`."""
