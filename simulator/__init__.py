"""A simulated Netrex cloud on real sockets, for demonstrations and tests.

`server.Simulator` puts the parts together; `state.State` is what they share. The parts:

- `portal/`: the web pages for users, and OAuth2
- `graphql/`: the API
- `rtsp/`: live view
- `media/`: pictures, recordings, and their download
- `camera/`: the cameras behind the gateway
- `world/`: the account's cameras and shops, their statistics, and the scenarios

Three modules belong to tests and demonstrations alone: `switches` (what the vendor's
documentation leaves open), `faults` (errors on demand), and `control` (both of these
and more over HTTP).
"""

from .clock import Clock
from .server import Simulator
from .switches import Switches

__all__ = ["Clock", "Simulator", "Switches"]
