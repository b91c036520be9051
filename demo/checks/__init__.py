"""What `scripts/demo --check` exercises, and its table."""
