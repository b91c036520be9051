"""Trouble of one item stays with it: every kind of item and of response."""
