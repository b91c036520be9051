"""The picture of a simulated camera: a shop floor with people walking on it.

The picture is a pure function of the camera and the time: a live view, a still, and a
recording of the same second show the same picture, and the clock in it is correct. Only
the people and the clock change, so a frame is cheap: drawing and encoding take 0.9 ms
of a core for 640x360 and 5 ms for 1920x1080 on an idle machine (1.5 times that under
load), and 20 different views of 640x360 at 10 frames/s take about a fifth of a core.
That is why live views are not encoded in advance (see `studio`): a loop would hardly be
cheaper, and its clock would be wrong.
"""

from dataclasses import dataclass
from datetime import datetime, tzinfo
import io
import math
import random
import unicodedata

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from .scenery import (
    CLOTHES,
    COUNTER_DEPTH,
    Color,
    Point,
    paint_counter,
    paint_shop,
    project,
    scale,
    shade,
)

type Plane = NDArray[np.uint8]

_SKIN: tuple[Color, ...] = ((224, 182, 150), (186, 136, 104), (122, 84, 62))
_HAIR: tuple[Color, ...] = ((40, 32, 28), (92, 62, 40), (170, 150, 120))
_WALK_PHASES = 8
# People smaller than this (pixels) are painted larger and then scaled down.
_SMALL = 200


@dataclass(slots=True)
class Sprite:
    """A small picture with soft edges that can be blended into YUV 4:2:0 planes.

    `left` and `top` are its position in the picture that it was cut from. `colors` are
    the three planes multiplied by the opacity, `rests` the remaining share of the
    background (0 to 256).
    """

    left: int
    top: int
    colors: tuple[NDArray[np.uint16], ...]
    rests: tuple[NDArray[np.uint16], ...]

    @classmethod
    def of(cls, image: Image.Image) -> Sprite:
        """Convert an RGBA picture, without its empty margins."""
        box = image.getbbox() or (0, 0, 2, 2)
        left, top = box[0] & ~1, box[1] & ~1
        image = image.crop((left, top, (box[2] + 1) & ~1, (box[3] + 1) & ~1))
        alpha = image.getchannel("A")
        half = (image.width // 2, image.height // 2)
        luma, *chroma = image.convert("RGB").convert("YCbCr").split()
        planes = [luma, *(plane.resize(half) for plane in chroma)]
        opacity = [alpha, *[alpha.resize(half)] * 2]
        weights = [
            (np.asarray(mask, np.uint16) * 257) >> 8  # maps 255 to 256
            for mask in opacity
        ]
        return cls(
            left,
            top,
            tuple(
                np.asarray(plane, np.uint16) * weight
                for plane, weight in zip(planes, weights, strict=True)
            ),
            tuple((256 - weight).astype(np.uint16) for weight in weights),
        )

    def draw(self, planes: tuple[Plane, Plane, Plane], x: int, y: int) -> None:
        """Blend the sprite into `planes`, without the parts outside of them.

        `x` and `y` are the top left corner of the picture that it was cut from.
        """
        x, y = self.left + x & ~1, self.top + y & ~1
        for number, plane in enumerate(planes):
            left, top = (x, y) if number == 0 else (x // 2, y // 2)
            height, width = self.rests[number].shape
            first_row, first_column = max(0, -top), max(0, -left)
            last_row = min(height, plane.shape[0] - top)
            last_column = min(width, plane.shape[1] - left)
            if last_row <= first_row or last_column <= first_column:
                continue
            part = np.s_[first_row:last_row, first_column:last_column]
            target = plane[
                top + first_row : top + last_row,
                left + first_column : left + last_column,
            ]
            mixed = target * self.rests[number][part]
            mixed += self.colors[number][part]
            mixed >>= 8
            target[:] = mixed


class Walker:
    """A person who walks back and forth at one depth of the shop."""

    def __init__(self, rng: random.Random, depth: float, picture_height: int) -> None:
        """Choose the person's size and clothes; `picture_height` in pixels."""
        self.depth = depth
        self._speed = rng.uniform(0.16, 0.3)
        self._start = rng.uniform(0, 4)
        self._reach = rng.uniform(0.7, 0.95)
        self.height = max(16, int(0.58 * scale(depth) * picture_height)) & ~1
        self.width = max(8, int(self.height * 0.5)) & ~1
        self._dress = (rng.choice(_SKIN), rng.choice(CLOTHES), rng.choice(CLOTHES))
        self._hair = rng.choice(_HAIR)
        self._sprites: dict[tuple[int, bool], Sprite] = {}

    def _sprite(self, step: int, *, right: bool) -> Sprite:
        """Return the person in one phase of a step, painted on first use."""
        sprite = self._sprites.get((step, right))
        if sprite is None:
            image = self._paint(step / _WALK_PHASES)
            if not right:
                image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
            sprite = self._sprites[step, right] = Sprite.of(image)
        return sprite

    def _paint(self, phase: float) -> Image.Image:
        skin, top, trousers = self._dress
        zoom = 3 if self.height < _SMALL else 2
        width, height = self.width * zoom, self.height * zoom
        image = Image.new("RGBA", (width, height))
        draw = ImageDraw.Draw(image)

        def at(x: float, y: float) -> Point:
            return width / 2 + x * height, y * height

        def limb(points: list[Point], thickness: float, color: Color) -> None:
            pixels = max(1, int(thickness * height))
            draw.line(points, fill=color, width=pixels, joint="curve")
            for x, y in points:
                radius = pixels / 2
                draw.ellipse((x - radius, y - radius, x + radius, y + radius), color)

        draw.ellipse((*at(-0.16, 0.94), *at(0.16, 1.0)), (0, 0, 0, 90))
        swing = math.sin(2 * math.pi * phase)
        limb([at(0, 0.32), at(-0.1 * swing, 0.46), at(-0.08 * swing, 0.56)], 0.05, skin)
        for side, color in ((-swing, shade(trousers, 0.75)), (swing, trousers)):
            knee = at(0.09 * side + 0.02, 0.75)
            limb([at(0, 0.55), knee, at(0.15 * side, 0.955)], 0.085, color)
        limb([at(0, 0.27), at(0, 0.53)], 0.17, top)
        arm = [at(0, 0.26), at(0.1 * swing, 0.4), at(0.13 * swing + 0.03, 0.52)]
        limb(arm, 0.055, shade(top, 0.85))
        draw.ellipse((*at(-0.065, 0.04), *at(0.075, 0.19)), skin)
        draw.pieslice((*at(-0.075, 0.02), *at(0.07, 0.17)), 150, 345, self._hair)
        return image.resize((self.width, self.height), Image.Resampling.BOX)

    def draw(self, planes: tuple[Plane, Plane, Plane], when: float) -> None:
        """Draw the person at `when` (unix seconds)."""
        way = (when * self._speed + self._start) % 4
        right = way < 2  # noqa: PLR2004 - half of the way there and back
        x = self._reach * (way - 1 if right else 3 - way)
        step = int(when * 1.1 * _WALK_PHASES) % _WALK_PHASES
        left, foot = project(x, self.depth)
        rows, columns = planes[0].shape
        self._sprite(step, right=right).draw(
            planes,
            round(left * columns - self.width / 2),
            round(foot * rows - self.height),
        )


class Scene:
    """The view of one camera in one picture size."""

    def __init__(
        self, name: str, seed: int, width: int, height: int, time_zone: tzinfo
    ) -> None:
        """Build the shop of `seed`.

        `width` and `height` in pixels are rounded down to even numbers; `name` and the
        local time in `time_zone` are written into the picture.
        """
        self.width, self.height = width & ~1, height & ~1
        self._zone = time_zone
        # Pillow's built-in font has no accents; neither do those of cameras.
        plain = unicodedata.normalize("NFKD", name)
        self._name = plain.encode("ascii", "ignore").decode()
        rng = random.Random(seed)  # noqa: S311 - a picture, no secret
        image = paint_shop(rng, self.width, self.height)
        self._background = np.empty((self.height * 3 // 2, self.width), np.uint8)
        half = (self.width // 2, self.height // 2)
        for plane, channel in zip(
            self._planes(self._background), image.convert("YCbCr").split(), strict=True
        ):
            scaled = channel if plane.shape[1] == self.width else channel.resize(half)
            plane[:] = np.asarray(scaled)
        self._counter = Sprite.of(paint_counter(self.width, self.height))
        depths = (0.9, 0.7, 0.55, 0.3, 0.12)
        self._walkers = [
            Walker(rng, depth + rng.uniform(-0.05, 0.05), self.height)
            for depth in rng.sample(depths, 4)
        ]
        self._walkers.sort(key=lambda walker: -walker.depth)
        self._font = ImageFont.load_default(size=max(9, self.height // 24))
        self._clock: tuple[int, Plane] = (-1, np.empty((0, 0), np.uint8))

    def _planes(self, frame: Plane) -> tuple[Plane, Plane, Plane]:
        pixels = self.width * self.height
        flat = frame.reshape(-1)
        half = (self.height // 2, self.width // 2)
        return (
            flat[:pixels].reshape(self.height, self.width),
            flat[pixels : pixels * 5 // 4].reshape(half),
            flat[pixels * 5 // 4 :].reshape(half),
        )

    def frame(self, when: float, brightness: int = 0) -> Plane:
        """Return the picture at `when` (unix seconds).

        `brightness` is -50 (darker) to 50 (lighter); the clock stays readable. The
        layout is a contiguous full-range yuv420p frame: height * 3/2 rows.
        """
        frame = self._background.copy()
        planes = self._planes(frame)
        behind = [walker for walker in self._walkers if walker.depth > COUNTER_DEPTH]
        for walker in behind:
            walker.draw(planes, when)
        self._counter.draw(planes, 0, 0)
        for walker in self._walkers[len(behind) :]:
            walker.draw(planes, when)
        if brightness:
            levels = np.clip(np.arange(256) + 2 * brightness, 0, 255)
            planes[0][:] = levels.astype(np.uint8)[planes[0]]
        bar = self._bar(int(when))
        rows = bar.shape[0]
        planes[0][:rows] = bar
        for chroma in planes[1:]:
            chroma[: rows // 2] = 128
        return frame

    def _bar(self, second: int) -> Plane:
        if self._clock[0] != second:
            local = datetime.fromtimestamp(second, self._zone)
            size = (self.width, (self.height // 16) & ~1)
            image = Image.new("L", size, 12)
            ImageDraw.Draw(image).text(
                (size[1] // 3, size[1] // 2),
                f"{local:%Y-%m-%d %H:%M:%S}  {self._name}",
                fill=244,
                font=self._font,
                anchor="lm",
            )
            self._clock = (second, np.asarray(image))
        return self._clock[1]

    def jpeg(self, when: float, quality: int = 75, brightness: int = 0) -> bytes:
        """Return a picture (see `frame`) as JPEG; `quality` 1 to 95 as in libjpeg."""
        size = (self.width, self.height)
        channels = [
            Image.fromarray(plane).resize(size)
            for plane in self._planes(self.frame(when, brightness))
        ]
        buffer = io.BytesIO()
        Image.merge("YCbCr", channels).save(buffer, "JPEG", quality=quality)
        return buffer.getvalue()
