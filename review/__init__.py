"""REVIEW: what a reviewer is shown, read from the synthesized templates and nothing else."""
