"""CDK constructs, usable in anybody's app."""
