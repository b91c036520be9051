"""A stable RTSP address for streams whose links expire after 30 seconds."""
