"""Tests of the live view's parts: pure ones, and over real sockets."""
