"""What each peer serves: as small as its own documentation has it, and as well."""
