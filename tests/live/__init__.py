"""Tests of the live view, some of them without Home Assistant."""
