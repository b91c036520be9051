"""Tests of the simulated RTSP server."""
