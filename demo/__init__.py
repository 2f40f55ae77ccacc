"""The whole flow before your eyes: an emulated AWS, a dataset refused, a dataset trained."""
