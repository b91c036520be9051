"""The client works without Home Assistant."""

from pathlib import Path
import subprocess
import sys

from custom_components.netrex import client

_FOLDER = Path(client.__file__).parent

_PROGRAM = """
import importlib.util, pathlib, sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("homeassistant", "custom_components"):
            raise ImportError(f"{name} is blocked")

sys.meta_path.insert(0, Blocker())
folder = pathlib.Path(sys.argv[1])
spec = importlib.util.spec_from_file_location(
    "client", folder / "__init__.py", submodule_search_locations=[str(folder)]
)
package = importlib.util.module_from_spec(spec)
sys.modules["client"] = package
spec.loader.exec_module(package)
for module in sorted(folder.glob("*.py")):
    importlib.import_module(f"client.{module.stem}".removesuffix(".__init__"))
    print(module.stem)
foreign = {name.partition(".")[0] for name in sys.modules}
assert not foreign & {"homeassistant", "custom_components", "voluptuous"}, foreign
"""


def test_every_module_can_be_imported() -> None:
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", _PROGRAM, str(_FOLDER)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    names = done.stdout.split()
    assert {"api", "pacer", "transport", "schema"} <= set(names)
    assert len(names) == len(list(_FOLDER.glob("*.py")))
