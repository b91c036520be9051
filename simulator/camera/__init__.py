"""A camera behind the gateway: VAPIX, PTZ, events, the CamStreamer App."""
