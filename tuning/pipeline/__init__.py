"""The pipeline, declared once: its steps, what each may do, and what its alarm means."""
