"""Measurements of Xin Luôn: speed, start and memory, and the script that chooses the search's weights."""
