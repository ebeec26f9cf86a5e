"""Whom it serves: settings, messages, people, groups and the database."""
