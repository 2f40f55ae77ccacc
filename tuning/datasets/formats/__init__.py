"""What a record may look like, format by format: the exact reading that names each fault."""
