"""Tests with the players that Home Assistant has: its own streams, and go2rtc."""
