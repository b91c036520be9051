"""What the relay changes in a client's requests."""

from .rtsp import Request

_BACK_CHANNEL = "www.onvif.org/ver20/backchannel"


def drop_back_channel(request: Request) -> None:
    """Remove the requirement for audio to the camera, which the portal lacks.

    go2rtc first requires it and reconnects if it is refused, but a link can be used
    only once.
    """
    if (required := request.header("Require")) is not None:
        features = [feature.strip() for feature in required.split(",")]
        kept = ", ".join(feature for feature in features if feature != _BACK_CHANNEL)
        request.set_header("Require", kept or None)


def keep_tcp(setup: Request) -> bool:
    """Remove other transports from a SETUP, because media must stay on the connection.

    Returns whether the client accepts that.
    """
    offers = (setup.header("Transport") or "").split(",")
    usable = [offer for offer in offers if "tcp" in offer.lower()]
    if usable:
        setup.set_header("Transport", ",".join(usable))
    return bool(usable)
