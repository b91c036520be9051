"""Private database servers in a temporary folder, on loopback, without root."""

from collections.abc import Iterator
from contextlib import contextmanager
import os
from pathlib import Path
import shutil
import socket
import subprocess
import tempfile
import time

import sqlalchemy

HOST = "127.0.0.1"
# The servers refuse to run as root; if the tests do, they run as this user.
USER = "nobody"
TIMEOUT_SECONDS = 60
# Debian's folders of programs that are not in the path.
FOLDERS = [
    "/usr/sbin",
    *sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin")), reverse=True),
]


def find(command: str) -> str | None:
    """Return the path of a server's program, None if it is not installed."""
    return shutil.which(command, path=os.pathsep.join([*FOLDERS, os.defpath]))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


@contextmanager
def _server(setup: list[str], command: list[str], folder: Path) -> Iterator[None]:
    """Create the files of a server and run it."""
    user = USER if os.geteuid() == 0 else None
    log = folder / "log"
    with log.open("wb") as output:
        subprocess.run(  # noqa: S603 - system programs
            setup, cwd=folder, stdout=output, stderr=output, user=user, check=True
        )
        process = subprocess.Popen(  # noqa: S603 - system programs
            command, cwd=folder, stdout=output, stderr=output, user=user
        )
    try:
        yield
    finally:
        process.terminate()
        process.wait(TIMEOUT_SECONDS)


@contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="netrex-database-"))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, USER)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _wait(url: str) -> None:
    """Wait until a server accepts connections."""
    engine = sqlalchemy.create_engine(url)
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while True:
        try:
            with engine.connect():
                break
        except sqlalchemy.exc.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
    engine.dispose()


@contextmanager
def postgresql() -> Iterator[str]:
    """Run a PostgreSQL server; yield the URL for the recorder."""
    port, initdb, postgres = _free_port(), find("initdb"), find("postgres")
    assert initdb
    assert postgres
    with (
        _folder() as folder,
        _server(
            [
                initdb,
                "-D",
                "data",
                "-A",
                "trust",
                "-U",
                "ha",
                "-E",
                "UTF8",
                "--locale=C",
            ],
            [
                *[postgres, "-D", "data", "-p", str(port), "-k", str(folder)],
                *["-c", f"listen_addresses={HOST}", "-c", "fsync=off"],
            ],
            folder,
        ),
    ):
        url = f"postgresql://ha@{HOST}:{port}/postgres"
        _wait(url)
        yield url


@contextmanager
def mariadb() -> Iterator[str]:
    """Run a MariaDB server; yield the URL for the recorder."""
    port, server, setup = _free_port(), find("mariadbd"), find("mariadb-install-db")
    assert server
    assert setup
    with (
        _folder() as folder,
        _server(
            [
                *[setup, "--no-defaults", f"--datadir={folder}/data"],
                *["--auth-root-authentication-method=normal", "--skip-test-db"],
            ],
            [
                *[server, "--no-defaults", f"--datadir={folder}/data"],
                *[f"--port={port}", f"--bind-address={HOST}"],
                *[f"--socket={folder}/socket", f"--pid-file={folder}/pid"],
            ],
            folder,
        ),
    ):
        address = f"mysql+pymysql://root@{HOST}:{port}"
        _wait(f"{address}/mysql")
        engine = sqlalchemy.create_engine(f"{address}/mysql")
        with engine.begin() as connection:
            connection.execute(
                sqlalchemy.text(
                    "CREATE DATABASE ha CHARACTER SET utf8mb4"
                    " COLLATE utf8mb4_unicode_ci"
                )
            )
        engine.dispose()
        yield f"{address}/ha?charset=utf8mb4"
