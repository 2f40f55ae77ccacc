"""Knowledge bases of Amazon Bedrock and the vectors of Amazon S3 Vectors that they search.

Nothing here understands a text: embeddings are hashed words, and whatever is answered says so.
"""
