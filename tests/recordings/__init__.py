"""Tests of the recordings: jobs, downloads, files, actions, events."""
