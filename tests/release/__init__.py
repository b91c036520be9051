"""Tests of what a release delivers."""
