"""Run a simulated cloud: `python -m simulator --scenario chain --port 8480`."""

import argparse
import asyncio
import contextlib
import signal
import sys

from .server import Simulator
from .switches import Switches
from .world.scenarios import SCENARIOS


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m simulator", description=__doc__)
    parser.add_argument("--scenario", choices=SCENARIOS, default="chain")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=8480, help="0 for any free port")
    parser.add_argument(
        "--seed", type=int, default=1, help="seed of the names and numbers"
    )
    parser.add_argument(
        "--switch",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="set a switch (see --list-switches); may be repeated",
    )
    parser.add_argument(
        "--list-switches", action="store_true", help="show the switches and exit"
    )
    return parser


def _switches(settings: list[str]) -> Switches:
    """Return the switches with the settings applied. Raises ValueError."""
    switches = Switches()
    for setting in settings:
        name, separator, value = setting.partition("=")
        if not separator:
            raise ValueError(f"{setting} is not NAME=VALUE")
        try:
            switches.set(name, value)
        except KeyError as err:
            raise ValueError(f"there is no switch {name}") from err
    return switches


def _introduction(cloud: Simulator, scenario: str) -> str:
    client = cloud.world.clients[0]
    users = [
        f"  {user.username} / {user.password}"
        f" ({'everything' if user.full_access else 'part of it'})"
        for user in cloud.world.users.values()
    ]
    return "\n".join(
        (
            f"Simulated portal ({scenario}): {cloud.url}",
            f"GraphQL:   {cloud.url}/api/graphql.php",
            f"RTSP port: {cloud.rtsp_port}",
            "Accounts:",
            *users,
            f"Client application: {client.client_id} / {client.client_secret}",
            *(f"  redirect URI {uri}" for uri in client.redirect_uris),
            f"API token: {cloud.create_api_token()}",
            "",
        )
    )


async def _run(options: argparse.Namespace, switches: Switches) -> None:
    cloud = Simulator(
        options.scenario,
        seed=options.seed,
        switches=switches,
        host=options.host,
        port=options.port,
    )
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with cloud:
        sys.stdout.write(_introduction(cloud, options.scenario))
        sys.stdout.flush()
        await stop.wait()


def main(arguments: list[str] | None = None) -> None:
    """Run until interrupted."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        switches = _switches(options.switch)
    except ValueError as err:
        parser.error(str(err))
    if options.list_switches:
        for name, value in switches.as_dict().items():
            sys.stdout.write(f"{name}={value}\n")
        return
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_run(options, switches))


if __name__ == "__main__":
    main()
