"""The AWS side of the command line: what people ask of a deployed environment, and tell it."""
