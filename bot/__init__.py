"""How it talks: channels, web pages and the command line."""
