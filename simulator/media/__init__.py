"""Pictures and films: the encoder, live frames, recordings and their download."""
