"""The diagrams in the documents, drawn from what is synthesized."""
