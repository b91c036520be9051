"""Tests of recordings: jobs, downloads, files, actions, and events."""
