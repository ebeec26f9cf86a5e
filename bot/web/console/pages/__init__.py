"""The console's pages, a file or package each; sections.py puts them into the menu."""
