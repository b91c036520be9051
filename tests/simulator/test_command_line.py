"""`python -m simulator`, in a process of its own."""

import asyncio
import signal
import sys

import aiohttp
import pytest

from simulator.__main__ import main


async def test_the_command_runs_until_interrupted() -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "simulator", "--scenario", "shop", "--port", "0"),
        *("--seed", "3", "--switch", "kpi_missing=zero"),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    first = (await process.stdout.readline()).decode()
    try:
        url = first.split()[-1]
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"{url}/control/switches") as response,
        ):
            assert (await response.json())["kpi_missing"] == "zero"
    finally:
        process.send_signal(signal.SIGTERM)
    rest, _ = await process.communicate()
    assert b"owner / owner (everything)" in rest
    assert b"netrex-simulator" in rest
    assert process.returncode == 0


def test_the_command_lists_the_switches(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--list-switches", "--switch", "limit_day=utc"])
    assert "limit_day=utc\n" in capsys.readouterr().out


@pytest.mark.parametrize("switch", ["nothing=1", "limit_day=never", "limit_day"])
def test_a_bad_switch_is_an_error(
    switch: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["--switch", switch])
    assert "error" in capsys.readouterr().err
