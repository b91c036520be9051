"""GStreamer's RTSP server, run by the system's Python; prints its port."""

import sys

import gi  # type: ignore[import-not-found]  # only the system's Python has it

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import (  # type: ignore[import-not-found]  # noqa: E402 - as above; after the versions
    GLib,
    Gst,
    GstRtspServer,
)

_VIDEO = (
    "videotestsrc is-live=true pattern=ball ! video/x-raw,width=320,height=180,"
    "framerate=15/1 ! "
)
_CODECS = {
    "h264": "x264enc tune=zerolatency key-int-max=15 ! rtph264pay name=pay0 pt=96",
    "h264_b_frames": (
        "x264enc bframes=2 b-adapt=false rc-lookahead=5 key-int-max=15 ! "
        "rtph264pay name=pay0 pt=96"
    ),
    "h265": "x265enc tune=zerolatency key-int-max=15 ! rtph265pay name=pay0 pt=96",
}
_SOUND = (
    " audiotestsrc is-live=true wave=ticks ! audio/x-raw,rate=48000 ! opusenc ! "
    "rtpopuspay name=pay1 pt=97"
)

Gst.init(None)
server = GstRtspServer.RTSPServer()
server.set_address("127.0.0.1")
server.set_service("0")
factory = GstRtspServer.RTSPMediaFactory()
factory.set_launch(f"( {_VIDEO}{_CODECS[sys.argv[1]]}{_SOUND} )")
server.get_mount_points().add_factory("/live", factory)
server.attach(None)
sys.stdout.write(f"{server.get_bound_port()}\n")
sys.stdout.flush()
GLib.MainLoop().run()
