"""Tests of the simulated pages and OAuth2 endpoints."""
