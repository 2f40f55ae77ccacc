"""Datasets: what a record may be, what is wrong with one that is not, and what is done about it."""
