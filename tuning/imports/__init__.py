"""Models trained elsewhere: an adapter that is merged, or full weights, imported as versions like any other."""
