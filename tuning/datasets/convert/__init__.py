"""Datasets as people have them, turned into datasets as Bedrock reads them."""
