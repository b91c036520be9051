"""Whatever a portal or a camera answers can be stored, and is bounded.

The judge is Home Assistant's own serializer of its storage (decision 0028). With
`--hypothesis-profile nightly` each parser gets 100,000 answers.
"""

from collections.abc import Callable
from typing import Any

from homeassistant.helpers.json import prepare_save_json
from hypothesis import HealthCheck, given, settings, strategies as st
import pytest

from custom_components.netrex.application_credentials import read_token
from custom_components.netrex.client import Schema
from custom_components.netrex.client.camera.answer import CameraAnswer, read_json
from custom_components.netrex.client.camera.camstreamer import parse_streams
from custom_components.netrex.client.camera.events import parse_message
from custom_components.netrex.client.camera.parameters import (
    Capabilities,
    parse_parameters,
)
from custom_components.netrex.client.camera.ports import parse_port_rows, parse_ports
from custom_components.netrex.client.camera.ptz import parse_presets
from custom_components.netrex.client.errors import NetrexCameraError
from custom_components.netrex.client.graphql_errors import read_errors
from custom_components.netrex.client.json_body import parse_json
from custom_components.netrex.client.parsing import (
    parse_inventory,
    parse_live_link,
    parse_progress,
    parse_recordings,
    parse_slots,
    parse_statuses,
)
from custom_components.netrex.client.tree import Tree
from custom_components.netrex.client.values import as_mapping, as_storable

from . import hostile

EXAMPLES = settings(
    max_examples=max(2_000, settings().max_examples),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


def assert_stored(result: object, *, texts: int = 255, items: int = 40_000) -> None:
    """Check that Home Assistant can store a result, and that it is bounded."""
    data = hostile.plain(result)
    prepare_save_json([data])
    assert list(hostile.excesses(data, texts, items)) == []


def _inventory(data: object) -> object:
    inventory = parse_inventory(as_mapping(data))
    tree = Tree(inventory.nodes)
    return [inventory, [len(tree.path(node.node_id)) for node in tree][:1000]]


def _schema(data: object) -> object:
    schema = Schema.from_introspection(data)
    assert Schema.from_dict(schema.as_dict()).as_dict() == schema.as_dict()
    return [schema.as_dict(), schema.summary()]


def _errors(data: object) -> object:
    entries = read_errors(as_mapping(data), status=200, retry_after=None)
    return [[entry.path, str(entry.error)] for entry in entries]


def _live_link(data: object) -> object:
    value = as_mapping(data)
    for key in ("live_view", "remote", "rtsp"):
        value = as_mapping(value.get(key))
    return parse_live_link(value.get("url"))


def _camera_json(parse: Callable[[Any], object]) -> Callable[[Any], object]:
    def parsed(data: object) -> object:
        answer = CameraAnswer("application/json", hostile.as_answer(data))
        try:
            return parse(read_json(answer))
        except NetrexCameraError as err:
            return str(err)

    return parsed


def _rows(text: str) -> object:
    values = parse_parameters(text)
    capabilities = Capabilities.from_parameters(values)
    stored = capabilities.as_dict()
    return [
        values,
        stored,
        Capabilities.from_dict(stored),
        parse_presets(text),
        parse_port_rows(text),
    ]


@pytest.mark.parametrize(
    ("answers", "parse", "texts"),
    [
        pytest.param(hostile.INVENTORY, _inventory, 255, id="inventory"),
        pytest.param(
            hostile.STATUSES,
            lambda d: parse_statuses(as_mapping(d)),
            255,
            id="statuses",
        ),
        pytest.param(hostile.SERIES, parse_slots, 255, id="series"),
        pytest.param(hostile.LIVE_VIEW, _live_link, 4096, id="link"),
        pytest.param(hostile.RECORDINGS, parse_recordings, 4096, id="recordings"),
        pytest.param(
            hostile.RECORDING,
            lambda d: parse_progress(as_mapping(d)),
            4096,
            id="progress",
        ),
        pytest.param(hostile.INTROSPECTION, _schema, 255, id="introspection"),
        pytest.param(
            hostile.STORED_SCHEMA,
            lambda d: Schema.from_dict(d).as_dict(),
            255,
            id="schema",
        ),
        pytest.param(hostile.ERRORS, _errors, 400, id="errors"),
        pytest.param(hostile.TOKEN, read_token, 8_000, id="token"),
        pytest.param(hostile.STREAMS, _camera_json(parse_streams), 400, id="streams"),
        pytest.param(
            st.builds(lambda items: {"data": {"items": items}}, hostile.PORTS),
            _camera_json(parse_ports),
            400,
            id="ports",
        ),
        pytest.param(
            hostile.EVENT,
            lambda d: parse_message(hostile.as_answer(d)),
            255,
            id="event",
        ),
    ],
)
@EXAMPLES
@given(data=st.data())
def test_any_answer_in_json_can_be_stored(
    data: st.DataObject,
    answers: hostile.Answers,
    parse: Callable[[Any], object],
    texts: int,
) -> None:
    assert_stored(parse(parse_json(hostile.as_answer(data.draw(answers)))), texts=texts)


@EXAMPLES
@given(hostile.ROWS)
def test_any_rows_of_a_camera_can_be_stored(text: str) -> None:
    assert_stored(_rows(text), texts=2_000)


@EXAMPLES
@given(hostile.odd(hostile.INVENTORY))
def test_the_answer_to_a_query_of_the_user_can_be_stored(answer: object) -> None:
    prepare_save_json([as_storable(parse_json(hostile.as_answer(answer)))])
