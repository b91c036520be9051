"""The cameras' own HTTP interface (VAPIX, CamStreamer App), through the gateway."""
