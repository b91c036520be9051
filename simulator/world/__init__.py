"""The contents of the cloud: tree, cameras, shop days, statistics, scenarios."""
