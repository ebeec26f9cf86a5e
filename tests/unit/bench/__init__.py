"""Tests of the measurements' own parts."""
