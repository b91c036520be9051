"""Tests of the client's calls to cameras."""
