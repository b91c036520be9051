"""A faithful Netrex cloud on real sockets, for demonstration and tests."""
