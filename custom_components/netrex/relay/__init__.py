"""A stable RTSP address for streams whose links live 30 seconds. Nothing here knows Home Assistant."""
