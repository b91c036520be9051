"""Tests of the media browser and of playback."""
