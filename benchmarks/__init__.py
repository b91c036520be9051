"""Benchmarks of the integration.

Each module with a `main` is a command, for example `python -m benchmarks.wall`; its
exit code is 1 if a goal of docs/performance.md is missed. `cloud`, `core`, and `stage`
start the processes.
"""
