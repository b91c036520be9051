# At run time Home Assistant puts probatio in voluptuous' place, and it types its own
# signatures with probatio's classes (homeassistant/__init__.py).
from probatio import *  # noqa: F403 - the alias is the whole module
