"""Tests of the simulated pictures and recordings."""
