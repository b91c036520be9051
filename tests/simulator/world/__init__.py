"""Tests of the simulated account and its statistics."""
