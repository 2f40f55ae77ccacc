"""The whole flow before your eyes: an emulated AWS, a dataset refused, one trained, one held by a gate."""
