"""Cameras by id: one that fails its query costs the others nothing."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from custom_components.netrex.client import (
    NetrexAuthError,
    NetrexConnectionError,
    NetrexError,
    NetrexNotFoundError,
    NetrexPermissionError,
    NetrexRateLimitedError,
    NetrexResponseError,
)
from custom_components.netrex.client.camera_pages import CameraPages
from custom_components.netrex.client.values import as_float

from .virtual_time import run

CAMERAS = tuple(range(120))
OWN = (
    NetrexAuthError("bare 401"),
    NetrexConnectionError("cut"),
    NetrexNotFoundError("gone"),
    NetrexPermissionError("refused"),
    NetrexResponseError("HTML"),
)
OWN[0].explained = False


class Cloud:
    """Answers with the round's number for each camera, except for the odd ones."""

    def __init__(self) -> None:
        self.odd: dict[int, NetrexError | None] = {}
        self.round = 0.0
        self.queries = 0

    async def send(self, node_ids: Sequence[int]) -> Mapping[str, object]:
        """Answer a query, or raise the error of an odd camera in it."""
        self.queries += 1
        for node_id in node_ids:
            if (error := self.odd.get(node_id)) is not None:
                raise error
        return {
            f"a{index}": None if node_id in self.odd else {"value": self.round}
            for index, node_id in enumerate(node_ids)
        }


def pages(cloud: Cloud) -> CameraPages[float]:
    """Return pages that read from a cloud."""
    return CameraPages(cloud.send, lambda item: as_float(item.get("value")))


@pytest.mark.parametrize("error", OWN, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("odd", [(0,), (49,), (50, 119), (3, 30), (7, 8)])
def test_others_are_read_although_some_fail_their_queries(
    error: NetrexError, odd: tuple[int, ...]
) -> None:
    cloud = Cloud()
    reader = pages(cloud)

    async def act() -> None:
        assert await reader.read(CAMERAS) == dict.fromkeys(CAMERAS, 0.0)
        cloud.odd = dict.fromkeys(odd, error)
        for cloud.round in (1.0, 2.0, 3.0):
            found = await reader.read(CAMERAS)
            assert found == {
                node_id: 0.0 if node_id in odd else cloud.round for node_id in CAMERAS
            }
        # They have been found, and are not asked for now.
        cloud.queries = 0
        await reader.read(CAMERAS)
        assert cloud.queries == 3

    run(act())


def test_a_camera_that_failed_comes_back_by_itself() -> None:
    cloud = Cloud()
    reader = pages(cloud)

    async def act() -> None:
        cloud.odd = {5: NetrexResponseError("HTML")}
        for _ in range(2):
            assert 5 not in await reader.read(CAMERAS)
            await asyncio.sleep(901)
        # Its second failure, alone.
        cloud.odd = {}
        assert 5 not in await reader.read(CAMERAS)
        await asyncio.sleep(3600)
        assert 5 in await reader.read(CAMERAS)

    run(act())


def test_an_unknown_camera_is_left_out_and_the_others_are_not() -> None:
    cloud = Cloud()
    cloud.odd = {5: None}
    found = run(pages(cloud).read(CAMERAS))
    assert found.keys() == set(CAMERAS) - {5}
    assert cloud.queries == 3


@pytest.mark.parametrize(
    ("error", "queries"),
    [
        (NetrexAuthError("withdrawn"), 1),
        (NetrexRateLimitedError("limit"), 1),
        (NetrexConnectionError("silent"), 4),
    ],
)
def test_an_account_without_answers_fails_after_few_queries(
    error: NetrexError, queries: int
) -> None:
    cloud = Cloud()
    reader = pages(cloud)

    async def act() -> None:
        await reader.read(CAMERAS)
        cloud.odd, cloud.queries = dict.fromkeys(CAMERAS, error), 0
        with pytest.raises(type(error)):
            await reader.read(CAMERAS)
        assert cloud.queries == queries
        cloud.odd, cloud.round = {}, 1.0
        assert await reader.read(CAMERAS) == dict.fromkeys(CAMERAS, 1.0)

    run(act())


def test_a_limit_keeps_what_was_read_before_it() -> None:
    cloud = Cloud()
    cloud.odd = {60: NetrexRateLimitedError("limit")}
    assert run(pages(cloud).read(CAMERAS)).keys() == set(range(50))
