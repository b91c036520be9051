"""Live view: the RTSP server, its links, sessions, dialects and tunnels."""
