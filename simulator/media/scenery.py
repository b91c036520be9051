"""The static parts of a simulated shop: walls, floor, shelves, door, and counter."""

from collections.abc import Sequence
import itertools
import random

from PIL import Image, ImageDraw

type Color = tuple[int, int, int]
type Point = tuple[float, float]

CLOTHES: tuple[Color, ...] = (
    (178, 48, 52),
    (44, 82, 150),
    (52, 120, 84),
    (214, 160, 46),
    (96, 72, 128),
    (70, 74, 82),
    (214, 214, 208),
)
_GOODS = (*CLOTHES, (226, 112, 54), (92, 168, 196), (238, 222, 140))
_WALLS: tuple[Color, ...] = (
    (206, 200, 188),
    (186, 198, 204),
    (204, 190, 176),
    (190, 202, 186),
)
_FLOOR: Color = (168, 160, 150)
# Half the width of the shop, its height, and its extent in front of the picture.
_SIDE = 1.3
_TOP = 1.1
_FRONT = -0.15
# Depth 0 is the front edge of the picture, 1 the back wall.
COUNTER_DEPTH = 0.42


def scale(depth: float) -> float:
    """Return the scale of objects at a depth, 1 at the front edge."""
    return 1 / (1 + 1.6 * depth)


def project(x: float, depth: float, up: float = 0.0) -> Point:
    """Return the position of a point of the shop, in fractions of the picture's size.

    `x` runs from -1 (left) to 1, `up` is the height above the floor.
    """
    return 0.5 + 0.62 * x * scale(depth), 0.16 + (0.86 - up) * scale(depth)


def shade(color: Color, factor: float) -> Color:
    """Return a color that is lighter or darker by `factor`."""
    red, green, blue = (min(255, int(part * factor)) for part in color)
    return red, green, blue


class _Canvas:
    """Draws polygons in the coordinates of the shop."""

    def __init__(self, image: Image.Image, rng: random.Random) -> None:
        self._draw = ImageDraw.Draw(image)
        self._size = image.size
        self.rng = rng

    def polygon(
        self, corners: Sequence[tuple[float, float, float]], color: Color
    ) -> None:
        width, height = self._size
        points = [project(*corner) for corner in corners]
        self._draw.polygon([(x * width, y * height) for x, y in points], color)

    def panel(
        self, start: Point, end: Point, low: float, high: float, color: Color
    ) -> None:
        """Draw an upright panel between two points (x, depth) of the floor."""
        self.polygon(((*start, low), (*end, low), (*end, high), (*start, high)), color)


def paint_shop(rng: random.Random, width: int, height: int) -> Image.Image:
    """Paint the empty shop in RGB, `width` times `height` pixels."""
    image = Image.new("RGB", (width, height), (232, 232, 228))
    canvas = _Canvas(image, rng)
    wall = rng.choice(_WALLS)
    for side, light in ((-_SIDE, 0.84), (_SIDE, 0.92)):
        canvas.panel((side, _FRONT), (side, 1), 0, _TOP, shade(wall, light))
    canvas.panel((-_SIDE, 1), (_SIDE, 1), 0, _TOP, wall)
    _paint_floor(canvas)
    _paint_lamps(canvas)
    _paint_door(canvas)
    back = [(-0.95 + 1.3 * step / 14, 0.98) for step in range(15)]
    _paint_shelf(canvas, back, 0.72, 0.95)
    for side, nearest in ((-1.2, 0.2), (1.2, 0.62)):
        row = [(side, 0.95 - (0.95 - nearest) * step / 12) for step in range(13)]
        _paint_shelf(canvas, row, 0.66, 0.85)
    return image


def _paint_floor(canvas: _Canvas) -> None:
    rows, columns = 9, 10
    for row in range(rows):
        near = _FRONT + (1 - _FRONT) * row / rows
        far = _FRONT + (1 - _FRONT) * (row + 1) / rows
        for column in range(columns):
            left = -_SIDE + 2 * _SIDE * column / columns
            right = -_SIDE + 2 * _SIDE * (column + 1) / columns
            light = (1.04 if (row + column) % 2 else 0.96) - 0.014 * row
            canvas.polygon(
                ((left, near, 0), (right, near, 0), (right, far, 0), (left, far, 0)),
                shade(_FLOOR, light),
            )


def _paint_lamps(canvas: _Canvas) -> None:
    for x in (-0.6, 0.6):
        for near in (0.2, 0.55, 0.85):
            corners = ((x - 0.12, near), (x + 0.12, near))
            far = near + 0.12
            canvas.polygon(
                (
                    *((*corner, _TOP) for corner in corners),
                    (x + 0.12, far, _TOP),
                    (x - 0.12, far, _TOP),
                ),
                (252, 252, 246),
            )


def _paint_door(canvas: _Canvas) -> None:
    left, right = 0.55, 1.05
    canvas.panel((left - 0.04, 1), (right + 0.04, 1), 0, 0.8, (64, 70, 76))
    middle = (left + right) / 2
    for start, end in ((left, middle - 0.02), (middle + 0.02, right)):
        canvas.panel((start, 1), (end, 1), 0.02, 0.76, (206, 226, 238))
        canvas.panel((start, 1), (end, 1), 0.02, 0.26, (176, 184, 180))
    canvas.panel((left, 1), (right, 1), 0.84, 0.96, (40, 130, 86))


def _paint_shelf(
    canvas: _Canvas, row: Sequence[Point], height: float, light: float
) -> None:
    """Paint a shelf with goods along a row of points."""
    canvas.panel(row[0], row[-1], 0, height, shade((120, 108, 96), light))
    boards = 4
    for board in range(boards):
        low = height * board / boards + 0.02
        space = height / boards
        for start, end in itertools.pairwise(row):
            color = shade(canvas.rng.choice(_GOODS), light * 0.95)
            top = low + space * canvas.rng.uniform(0.5, 0.82)
            inner = (
                start[0] + 0.12 * (end[0] - start[0]),
                start[1] + 0.12 * (end[1] - start[1]),
            )
            canvas.panel(inner, end, low, top, color)
            canvas.panel(inner, end, low, low + space * 0.15, shade(color, 0.75))


def paint_counter(width: int, height: int) -> Image.Image:
    """Paint only the cash desk, in RGBA: people walk in front of it and behind it."""
    near, far = COUNTER_DEPTH, COUNTER_DEPTH + 0.14
    left, right, top = 0.5, 1.05, 0.34
    image = Image.new("RGBA", (width, height))
    canvas = _Canvas(image, random.Random(0))  # noqa: S311 - unused here
    canvas.panel((left, near), (right, near), 0, top, (132, 98, 70))
    canvas.panel((left, near), (right, near), 0.04, 0.12, (112, 82, 58))
    canvas.panel((left, near), (left, far), 0, top, (108, 80, 56))
    canvas.polygon(
        ((left, near, top), (right, near, top), (right, far, top), (left, far, top)),
        (196, 178, 156),
    )
    canvas.panel((0.62, 0.5), (0.76, 0.5), top, top + 0.1, (44, 46, 50))
    canvas.panel((0.64, 0.5), (0.74, 0.5), top + 0.1, top + 0.2, (30, 32, 36))
    return image
