"""Adapters trained elsewhere: what they are, and the merge into their base."""
