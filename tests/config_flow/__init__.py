"""Tests of the flows that a person goes through."""
