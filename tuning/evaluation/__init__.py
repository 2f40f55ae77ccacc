"""Whether a trained model answers better: prompts that it never saw, metrics, and the gate."""
