"""Checks recordings: lists, preparation, and the file's answer."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from http import HTTPStatus
import time

from aiohttp import ClientError, ClientResponse, hdrs
from yarl import URL

from .. import documents
from ..days import HOUR, Span
from ..errors import NetrexError
from ..models import PreparationRequest, Recording, RecordingsRequest
from ..parsing import parse_progress, parse_recorded, parse_recordings
from ..values import as_mapping
from .calls import Answer, read_form
from .report import Finding, Outcome, Row
from .subject import Subject

# A short part of what was recorded lately: long ones take long to prepare.
_AGE = 2 * HOUR
_LENGTH_SECONDS = 60
_MAX_POLLS = 4
_POLL_SECONDS = 5.0
_HEAD_BYTES = 64 << 10
_FAILURES = (NetrexError, ClientError, TimeoutError, OSError, ValueError)


async def check_recordings(subject: Subject) -> AsyncIterator[Row]:
    """List, prepare, and open a minute of a recording."""
    camera = subject.camera(online=True)
    if camera is None:
        note = "no connected camera"
        yield Row("recordings", "list", Outcome.NOT_TRIED, note=note)
        return
    start = int(subject.clock()) - _AGE
    span = (start, start + _LENGTH_SECONDS)
    request = RecordingsRequest(camera.node_id, *span)
    answer = await subject.portal.post(documents.recordings([request]))
    found = parse_recordings(
        as_mapping(answer.data.get(documents.alias(0))).get("recordings")
    )
    settles: dict[str, Finding] = {"recording_storages": len(found)}
    if found:
        settles["heights"] = ",".join(map(str, found[0].heights))
        settles["seconds_of_60"] = round(found[0].duration or 0)
    yield Row("recordings", "list of a minute", answer.outcome, answer.seconds, settles)
    yield await _check_hours(subject, camera.node_id)
    if not found or not found[0].heights:
        note = "no recording"
        yield Row("recordings", "prepare", Outcome.NOT_TRIED, note=note)
        return
    async for row in _check_preparation(subject, found[0]):
        yield row


async def _check_hours(subject: Subject, node_id: int) -> Row:
    now = int(subject.clock()) // HOUR * HOUR
    spans = [Span(now - (hour + 1) * HOUR, now - hour * HOUR) for hour in range(24)]
    answer = await subject.portal.post(documents.recorded_seconds(node_id, spans))
    recorded = parse_recorded(spans, as_mapping(answer.data.get("camera")))
    settles: dict[str, Finding] = {"hours_of_24": len(recorded)}
    request = "recorded seconds of 24 hours in one query"
    return Row("recordings", request, answer.outcome, answer.seconds, settles)


async def _check_preparation(
    subject: Subject, recording: Recording
) -> AsyncIterator[Row]:
    height = max(recording.heights)
    mutation = documents.preparations(
        [PreparationRequest(recording.recording_id, height)]
    )
    answer = await subject.portal.post(mutation)
    settles: dict[str, Finding] = {"prepare_answer": _accepted(answer)}
    if answer.errors:
        settles |= answer.refusal()
    yield Row("recordings", "prepare", answer.outcome, answer.seconds, settles)
    again = await subject.portal.post(mutation)
    settles = {"prepare_twice": _accepted(again)}
    yield Row("recordings", "prepare again", again.outcome, again.seconds, settles)
    started = time.monotonic()
    url, polls = "", 0
    document = documents.recording_states([recording.recording_id])
    while not url and polls < _MAX_POLLS:
        if polls:
            await asyncio.sleep(_POLL_SECONDS)
        polls += 1
        state = await subject.portal.post(document)
        progress = parse_progress(as_mapping(state.data.get(documents.alias(0))))
        url = progress.download_url or ""
    settles = {"polls": polls, "ready": bool(url)}
    outcome = Outcome.WORKS if url else state.outcome
    seconds = time.monotonic() - started
    yield Row("recordings", "progress of the preparation", outcome, seconds, settles)
    if url:
        yield await _check_file(subject, URL(url, encoded=True))
        yield await _check_expired(subject, URL(url))


def _accepted(answer: Answer) -> str:
    if answer.errors:
        return "error"
    return "true" if answer.data.get(documents.alias(0)) is True else "false"


async def _check_file(subject: Subject, url: URL) -> Row:
    """Open the file from its second byte on, and read its start."""
    settles: dict[str, Finding] = {}
    started = time.monotonic()
    headers: dict[str, str] = {hdrs.ACCEPT_ENCODING: "identity"}
    try:
        response = await subject.downloads.get(url, headers)
        needs_token = response.status == HTTPStatus.UNAUTHORIZED
        settles["download_needs_token"] = needs_token
        if needs_token and url.origin() == URL(subject.url).origin():
            response.close()
            token = await subject.get_token()
            headers[hdrs.AUTHORIZATION] = f"Bearer {token}"
            response = await subject.downloads.get(url, headers)
        async with response:
            head = await _read_head(response)
            settles |= _file_findings(response, head)
            response.close()
        part = await subject.downloads.get(url, headers | {hdrs.RANGE: "bytes=1-99"})
        settles |= _range_findings(part)
        part.close()
    except _FAILURES:
        return Row("recordings", "file", Outcome.NO_ANSWER, settles=settles)
    outcome = Outcome.WORKS if head[4:8] == b"ftyp" else Outcome.UNUSABLE
    return Row("recordings", "file", outcome, time.monotonic() - started, settles)


async def _read_head(response: ClientResponse) -> bytes:
    head = b""
    async for chunk in response.content.iter_any():
        head += chunk
        if len(head) >= _HEAD_BYTES:
            break
    return head[:_HEAD_BYTES]


def _file_findings(response: ClientResponse, head: bytes) -> dict[str, Finding]:
    """Return how a file is sent, and where it has its index."""
    known = ("video/mp4", "application/octet-stream", "text/html", "application/mp4")
    kind = response.content_type
    order = [name for name in (b"moov", b"moof", b"mdat") if name in head]
    first = min(order, key=head.index, default=b"")
    layout = {b"moov": "front", b"mdat": "end"}.get(first, "unknown")
    if b"moof" in head or b"mvex" in head:
        layout = "fragments"
    return {
        "status": response.status,
        "download_type": kind if kind in known else "other",
        "download_length": response.content_length is not None,
        "download_encoding": hdrs.CONTENT_ENCODING in response.headers,
        "download_answer": "film" if head[4:8] == b"ftyp" else "other",
        "recording_layout": layout,
    }


def _range_findings(response: ClientResponse) -> dict[str, Finding]:
    """Return how a server answers a request for a range."""
    given = response.headers.get(hdrs.CONTENT_RANGE, "")
    if response.status == HTTPStatus.PARTIAL_CONTENT:
        found = "right" if given.startswith("bytes 1-99/") else "bare"
        if given and found == "bare":
            found = "whole" if given.startswith("bytes 0-") else "shifted"
        elif given.endswith("/*"):
            found = "unknown"
    else:
        refused = response.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
        found = "refused" if refused else "ignored"
    return {"download_range_answer": found}


async def _check_expired(subject: Subject, url: URL) -> Row:
    """Open the file with a changed key, as when it has expired."""
    request = "file with a wrong key"
    query: Mapping[str, str] = {
        key: "0" * len(value) for key, value in url.query.items()
    }
    started = time.monotonic()
    try:
        async with await subject.downloads.get(url.with_query(query), {}) as response:
            form, _ = await read_form(await _read_head(response))
    except _FAILURES:
        return Row("recordings", request, Outcome.NO_ANSWER)
    settles: dict[str, Finding] = {
        "download_expired_status": response.status,
        "download_expired_body": {"html": "page"}.get(form, form),
    }
    seconds = time.monotonic() - started
    return Row("recordings", request, Outcome.REFUSED, seconds, settles)
