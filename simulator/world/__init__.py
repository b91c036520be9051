"""The simulated account: tree, cameras, shop days, statistics, and scenarios."""
