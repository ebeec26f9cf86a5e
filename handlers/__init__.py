"""What it does with a message."""
