"""Checks an account from the command line (`scripts/check-account`)."""

import argparse
import asyncio
from collections.abc import Sequence

import aiohttp

from .camera.url import DEFAULT_CAMERA_URL
from .check import PortalCalls, Subject, as_table, check_account
from .ledger import Ledger
from .pacer import Pacer


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="client",
        description="Call every documented function of the portal once, and print a "
        "table without names, ids, links, or addresses.",
    )
    parser.add_argument("--portal", required=True, help="the portal's address")
    parser.add_argument("--token", required=True, help="an API token")
    parser.add_argument("--camera-token", default="", help="a camera access token")
    parser.add_argument("--camera-url", default=DEFAULT_CAMERA_URL)
    parser.add_argument(
        "--interval", type=float, default=1.1, help="seconds between queries"
    )
    return parser.parse_args(arguments)


async def _check(options: argparse.Namespace) -> str:
    async def get_token() -> str:
        return str(options.token)

    pacer = Pacer(Ledger(), interval=options.interval)
    async with aiohttp.ClientSession() as session:
        portal = PortalCalls(session, options.portal, get_token, pacer)
        subject = Subject(
            session,
            options.portal,
            get_token,
            portal,
            options.camera_token,
            options.camera_url,
        )
        try:
            return as_table(await check_account(subject))
        finally:
            await pacer.clear()


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the report of a check."""
    print(asyncio.run(_check(_parse(arguments))))  # noqa: T201 - the output


if __name__ == "__main__":
    main()
