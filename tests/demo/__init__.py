"""Pure parts of the demo; the rest is checked by running it."""
