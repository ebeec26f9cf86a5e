"""What it knows: the office's own knowledge base and the search in it."""
