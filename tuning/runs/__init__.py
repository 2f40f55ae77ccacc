"""Training runs: what they are, which state they are in, and what happens to them."""
