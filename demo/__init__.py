"""The demo: a simulated cloud, a real Home Assistant, and a dashboard.

- processes: `processes`, `cloud`, `home_assistant`, and `stage`, which starts them
- access from outside: `client` (Home Assistant's APIs), `browser` and `player` (its
  frontend), `frames` (its streams), `pages` and `sign_in` (the portal's sign-in pages)
- the account: `account` adds it, `camera_access` sets its options; `registry`, `roles`,
  `numbers`, and `history` read what Home Assistant shows of it
- the dashboard: `dashboard` and `charts`
- the checks of `scripts/demo --check`: `checks/`
"""
