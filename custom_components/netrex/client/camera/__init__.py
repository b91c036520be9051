"""A camera's own interface (VAPIX, CamStreamer App), through the vendor's gateway."""
