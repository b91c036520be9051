"""Live view: the RTSP server, its links, sessions, and tunneled transports."""
