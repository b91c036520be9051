"""Tests of the account check."""
