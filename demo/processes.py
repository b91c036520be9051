"""Child processes that end with the demo."""

import asyncio
from collections.abc import Mapping, Sequence
import contextlib
import os
from pathlib import Path
import signal
import socket
from typing import Self

STOP_TIMEOUT = 25.0
KILL_TIMEOUT = 5.0
TAIL_LINES = 40
LOOPBACK = "127.0.0.1"


class DemoError(Exception):
    """The demo cannot continue; the text is for the user."""


def free_port(preferred: int) -> int:
    """Return a port of the loopback interface: the preferred one if it is free."""
    for port in (preferred, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind((LOOPBACK, port))
                return int(probe.getsockname()[1])
    raise DemoError("No free port on the loopback interface")


class Child:
    """A process in its own session, with its output in a file."""

    def __init__(
        self, name: str, process: asyncio.subprocess.Process, log: Path
    ) -> None:
        """Wrap a running process; `start` creates one."""
        self.name = name
        self.log = log
        self._process = process
        self._ended = False

    @classmethod
    async def start(
        cls,
        name: str,
        command: Sequence[str],
        *,
        cwd: Path,
        log: Path,
        env: Mapping[str, str] | None = None,
    ) -> Self:
        """Start a command; its standard output and error go to the log file."""
        with log.open("ab") as output:
            # In its own session, the process does not get the terminal's Ctrl-C,
            # because it is stopped in order; its group includes its child processes.
            process = await asyncio.create_subprocess_exec(
                *command,
                cwd=cwd,
                env={**os.environ, **(env or {})},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        return cls(name, process, log)

    @property
    def pid(self) -> int:
        """Return the process ID."""
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """Return the exit code, None while the process runs."""
        return self._process.returncode

    async def wait(self) -> int:
        """Wait for the end and return the exit code."""
        return await self._process.wait()

    def ensure_running(self) -> None:
        """Raise DemoError if the process has ended."""
        if self.returncode is not None:
            raise DemoError(f"{self.name} ended with code {self.returncode}")

    def tail(self) -> str:
        """Return the last lines of the output."""
        with contextlib.suppress(OSError):
            lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
            return "\n".join(f"  {self.name}: {line}" for line in lines[-TAIL_LINES:])
        return ""

    async def stop(self) -> None:
        """Stop the process and its child processes; kill them after a timeout."""
        if self.returncode is None:
            self._process.terminate()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), STOP_TIMEOUT)
        self.kill()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._process.wait(), KILL_TIMEOUT)
        # From here on the process ID may be reused.
        self._ended = True

    def kill(self) -> None:
        """Kill the whole process group."""
        if not self._ended:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
