"""Releases: the models that were trained, numbered, and which of them answers."""
