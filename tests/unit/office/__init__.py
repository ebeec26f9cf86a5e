"""Unit tests of the office floor."""
