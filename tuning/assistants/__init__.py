"""Assistants: a model with a guardrail, documents and a budget around it, as data; and how it answers."""
