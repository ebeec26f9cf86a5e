"""What citizens asked in vain, grouped, and the knowledge improved from it."""
