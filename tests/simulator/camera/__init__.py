"""Tests of the simulated cameras."""
