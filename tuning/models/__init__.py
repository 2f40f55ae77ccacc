"""What Bedrock offers for customization, and what it costs."""
