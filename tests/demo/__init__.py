"""Tests of the demo's pure parts; the others are checked by running it."""
