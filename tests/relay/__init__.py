"""Tests of the relay between real sockets; no Home Assistant runs."""
