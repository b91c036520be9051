"""Tests of the media browser and of what it plays."""
