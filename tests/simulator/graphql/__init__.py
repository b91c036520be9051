"""Tests of the simulated GraphQL server."""
