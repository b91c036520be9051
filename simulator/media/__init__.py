"""Pictures and video: the encoder, live frames, recordings, and their download."""
