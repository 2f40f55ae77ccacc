"""Whether an account will take an environment, and whether its first job will work."""
