"""Readers: bytes to raw records with their line, raw records to neutral ones."""
