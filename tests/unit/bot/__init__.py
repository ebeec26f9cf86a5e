"""Unit tests of the top floor."""
