"""Tests of the cameras' own interfaces inside Home Assistant."""
