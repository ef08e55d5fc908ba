"""Duties that come again and again: one to a file, a plain callable; one process of an installation does them."""
