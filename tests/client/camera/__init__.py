"""Tests of what the client does with cameras themselves."""
