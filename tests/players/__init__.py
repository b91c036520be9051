"""Tests with the players of Home Assistant: its own streams and go2rtc."""
