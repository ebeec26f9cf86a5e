"""Looks at each configured thing as it is now and says what to do; sends nothing and changes nothing."""
