"""A week of an account on a virtual clock."""
