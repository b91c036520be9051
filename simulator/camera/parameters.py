"""A camera's parameters and param.cgi (VAPIX parameter management)."""

from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase

from ..world.model import Camera

_ROOT = "root."
_RESOLUTIONS = (
    "1920x1080,1280x960,1280x720,1024x768,800x600,800x450,640x480,640x360,480x270,"
    "320x240,320x180"
)
FIRMWARE = "12.6.94"
BUILD_DATE = "Sep 03 2026 12:31"
ARCHITECTURE = "aarch64"
HARDWARE_ID = "989"
SOC = "Axis Artpec-8"


# The factory settings, with the camera's properties as placeholders.
_DEFAULTS: Mapping[str, str] = {
    "Brand.Brand": "AXIS",
    "Brand.ProdFullName": "{model} Network Camera",
    "Brand.ProdNbr": "{number}",
    "Brand.ProdShortName": "{model}",
    "Brand.ProdType": "Network Camera",
    "Brand.ProdVariant": "",
    "Brand.WebURL": "http://www.axis.com",
    "Image.I0.Enabled": "yes",
    "Image.I0.Name": "{name}",
    "Image.I0.Source": "0",
    "Image.I0.Appearance.ColorEnabled": "yes",
    "Image.I0.Appearance.Compression": "30",
    "Image.I0.Appearance.MirrorEnabled": "no",
    "Image.I0.Appearance.Resolution": "1920x1080",
    "Image.I0.Appearance.Rotation": "0",
    "Image.I0.Overlay.Enabled": "no",
    "Image.I0.Stream.FPS": "0",
    "Image.I0.Text.ClockEnabled": "yes",
    "Image.I0.Text.DateEnabled": "yes",
    "Image.I0.Text.String": "{name}",
    "Image.I0.Text.TextEnabled": "yes",
    "ImageSource.NbrOfSources": "1",
    "ImageSource.I0.Name": "Camera",
    "ImageSource.I0.DayNight.IrCutFilter": "auto",
    "ImageSource.I0.DayNight.ShiftLevel": "50",
    "ImageSource.I0.Sensor.AspectRatio": "16:9",
    "ImageSource.I0.Sensor.Brightness": "50",
    "ImageSource.I0.Sensor.CaptureFrequency": "50",
    "ImageSource.I0.Sensor.ColorLevel": "50",
    "ImageSource.I0.Sensor.Contrast": "50",
    "ImageSource.I0.Sensor.Exposure": "auto",
    "ImageSource.I0.Sensor.ExposureValue": "50",
    "ImageSource.I0.Sensor.Sharpness": "50",
    "ImageSource.I0.Sensor.WDR": "on",
    "ImageSource.I0.Sensor.WhiteBalance": "auto",
    "Input.NbrOfInputs": "{inputs}",
    "Output.NbrOfOutputs": "{outputs}",
    "Network.HostName": "axis-{hostname}",
    "Network.eth0.IPAddress": "192.168.1.90",
    "Network.eth0.MACAddress": "{mac}",
    "Network.UPnP.FriendlyName": "{model} - {serial}",
    "StreamProfile.MaxGroups": "26",
    "Properties.API.HTTP.Version": "3",
    "Properties.API.RTSP.Version": "2.01",
    "Properties.API.WebSocket.WebSocket": "yes",
    "Properties.ApiDiscovery.ApiDiscovery": "yes",
    "Properties.EmbeddedDevelopment.EmbeddedDevelopment": "yes",
    "Properties.EmbeddedDevelopment.Version": "2.16",
    "Properties.Firmware.BuildDate": BUILD_DATE,
    "Properties.Firmware.BuildNumber": "94",
    "Properties.Firmware.Version": FIRMWARE,
    "Properties.Image.Format": "jpeg,mjpeg,h264,h265",
    "Properties.Image.NbrOfViews": "{views}",
    "Properties.Image.Resolution": _RESOLUTIONS,
    "Properties.Image.Rotation": "0,180",
    "Properties.LocalStorage.LocalStorage": "yes",
    "Properties.PTZ.DigitalPTZ": "no",
    "Properties.PTZ.DriverManagement": "no",
    "Properties.PTZ.PTZ": "{ptz}",
    "Properties.System.Architecture": ARCHITECTURE,
    "Properties.System.HardwareID": HARDWARE_ID,
    "Properties.System.SerialNumber": "{serial}",
    "Properties.System.Soc": SOC,
    "System.BoaGroupPolicy.admin": "both",
    "Time.TimeZone": "CET-1CEST,M3.5.0,M10.5.0/3",
    "Time.SyncSource": "NTP",
}


def default_parameters(camera: Camera, name: str) -> dict[str, str]:
    """Return the factory settings of a camera with a name."""
    serial = camera.serial_number.upper()
    properties = {
        "model": camera.model,
        "number": camera.model.removeprefix("AXIS "),
        "name": name,
        "serial": serial,
        "hostname": serial.lower(),
        "mac": ":".join(serial[at : at + 2] for at in range(0, 12, 2)),
        "inputs": camera.inputs,
        "outputs": camera.outputs,
        "views": 1 + len(camera.video_channels),
        "ptz": "yes" if camera.ptz else "no",
    }
    values = {key: value.format(**properties) for key, value in _DEFAULTS.items()}
    return values | _stream_profiles(camera) | _ports(camera)


def _stream_profiles(camera: Camera) -> dict[str, str]:
    return {
        f"StreamProfile.S{index}.{key}": value
        for index, profile in enumerate(camera.stream_profiles)
        for key, value in {
            "Name": f"profile_{profile.stream_profile_id}",
            "Description": f"{profile.width}x{profile.height}",
            "Parameters": f"resolution={profile.width}x{profile.height}"
            f"&fps={profile.frame_rate}&videocodec=h264",
        }.items()
    }


def _ports(camera: Camera) -> dict[str, str]:
    directions = ["Input"] * camera.inputs + ["Output"] * camera.outputs
    return {
        f"IOPort.I{index}.{key}": value
        for index, direction in enumerate(directions)
        for key, value in {
            "Configurable": "no",
            "Direction": direction.lower(),
            f"{direction}.Name": f"Port {index + 1}",
            f"{direction}.Trig": "closed",
        }.items()
    }


def _whole(low: int, high: int) -> Callable[[str], bool]:
    return lambda value: value.isdecimal() and low <= int(value) <= high


def _one_of(*values: str) -> Callable[[str], bool]:
    return lambda value: value in values


# Which values are valid; the first matching pattern applies.
_RULES: tuple[tuple[str, Callable[[str], bool]], ...] = (
    ("Brand.*", lambda _value: False),
    ("Properties.*", lambda _value: False),
    ("*.MACAddress", lambda _value: False),
    ("ImageSource.NbrOfSources", lambda _value: False),
    (
        "*.Sensor.WhiteBalance",
        _one_of("auto", "hold", "fixed_indoor", "fixed_outdoor1"),
    ),
    ("*.Sensor.Exposure", _one_of("auto", "hold", "flickerfree50", "flickerfree60")),
    ("*.Sensor.WDR", _one_of("on", "off")),
    ("*.Sensor.AspectRatio", _one_of("16:9", "4:3")),
    ("*.Sensor.CaptureFrequency", _one_of("50", "60")),
    ("*.Sensor.*", _whole(0, 100)),
    ("*.ShiftLevel", _whole(0, 100)),
    ("*.IrCutFilter", _one_of("auto", "yes", "no")),
    ("*.Compression", _whole(0, 100)),
    ("*.Rotation", _one_of("0", "90", "180", "270")),
    ("*Enabled", _one_of("yes", "no")),
)


class Parameters:
    """The parameters of one camera."""

    def __init__(self, values: Mapping[str, str]) -> None:
        """Start with `values`, by name without `root.`."""
        self.values = dict(values)

    def listing(self, groups: Iterable[str]) -> str:
        """Return the response to action=list; without groups, all parameters.

        An unknown group fails the whole request. `*` stands for one part of a name.
        """
        names: dict[str, None] = {}
        wanted = [group.strip().removeprefix(_ROOT) for group in groups]
        for group in wanted or ["root"]:
            found = [name for name in self.values if _in_group(name, group)]
            if not found:
                return f"# Error: Error -1 getting param in group '{group}'\r\n"
            names |= dict.fromkeys(found)
        return "".join(f"{_ROOT}{name}={self.values[name]}\r\n" for name in names)

    def update(self, changes: Iterable[tuple[str, str]]) -> str:
        """Write parameters and return the response to action=update.

        The first invalid change ends the request; those before it are kept.
        """
        for full_name, value in changes:
            name = full_name.removeprefix(_ROOT)
            if name not in self.values or not _allowed(name, value):
                return f"# Error: Error setting '{_ROOT}{name}' to '{value}'!\r\n"
            self.values[name] = value
        return "OK"


def _in_group(name: str, group: str) -> bool:
    if group in {"root", "*", ""}:
        return True
    parts, pattern = name.split("."), group.split(".")
    return len(pattern) <= len(parts) and all(
        fnmatchcase(part, wanted) for part, wanted in zip(parts, pattern, strict=False)
    )


def _allowed(name: str, value: str) -> bool:
    rule = next((good for pattern, good in _RULES if fnmatchcase(name, pattern)), None)
    return rule is None or rule(value)
