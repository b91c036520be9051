"""A camera behind the device gateway: VAPIX, PTZ, events, the CamStreamer App."""
