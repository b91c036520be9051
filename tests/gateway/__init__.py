"""Tests of camera access inside Home Assistant."""
