"""The demo: a simulated cloud and a real Home Assistant.

- processes: `processes`, `cloud`, `home_assistant`, and `stage`, which starts them
- access from outside: `client` (Home Assistant's APIs), `browser` and `player` (its
  frontend), `frames` (its streams), `pages` and `sign_in` (the portal's sign-in pages)
- the account: `account` adds it, `camera_access` sets its options; `registry`,
  `numbers`, and `history` read what Home Assistant shows of it
- the integration's dashboard: `panels` adds it, `pictures` takes the README's pictures
- `zone`, the time zone in which the simulated shops are open
- the checks of `scripts/demo --check`: `checks/`
"""
