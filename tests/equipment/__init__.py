"""Tests of what cameras have beside their picture, through Home Assistant."""
