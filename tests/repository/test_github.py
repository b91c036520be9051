"""What GitHub and editors read: workflows, forms, and settings."""

import json
from pathlib import Path
import re
import subprocess
import tomllib
from typing import Any
import zipfile

from homeassistant.util.yaml import load_yaml_dict
import pytest
import voluptuous as vol

from .project import INTEGRATION, ROOT, read_json

GITHUB = ROOT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
FORMS = sorted(
    path for path in (GITHUB / "ISSUE_TEMPLATE").glob("*.yml") if path.stem != "config"
)
MANIFEST = read_json(INTEGRATION / "manifest.json")

# An action by full commit hash, with its version or branch in a comment.
PINNED = re.compile(
    r"uses: (?P<action>[\w./-]+)@(?P<commit>[0-9a-f]{40}) # (v[\d.]+|\w+)$"
)
USES = re.compile(r"^\s*(?:- )?(uses: .+)$", re.MULTILINE)

# Who may write what: a release, and the attestation of its archive.
WRITES = {("release.yml", "release"): {"contents", "id-token", "attestations"}}

# docs.github.com, "Syntax for GitHub's form schema" and "... for issue forms".
NAME = vol.All(str, vol.Match(r"^[a-z][a-z0-9-]*$"))
VALIDATIONS = {vol.Optional("required"): bool}
OPTIONS = vol.All([str], vol.Length(min=1), vol.Unique())
LABELED = {vol.Required("label"): str, vol.Optional("description"): str}


def element(kind: str, attributes: dict[Any, Any]) -> dict[Any, Any]:
    """Return the schema of an element that people fill in."""
    return {
        vol.Required("type"): kind,
        vol.Required("id"): NAME,
        vol.Required("attributes"): {**LABELED, **attributes},
        vol.Optional("validations"): VALIDATIONS,
    }


TEXT = {vol.Optional("placeholder"): str, vol.Optional("value"): str}
FORM = vol.Schema(
    {
        vol.Required("name"): vol.All(str, vol.Length(min=4)),
        vol.Required("description"): vol.All(str, vol.Length(min=4)),
        vol.Optional("title"): str,
        vol.Optional("labels"): [str],
        vol.Required("body"): vol.All(
            [
                vol.Any(
                    {
                        vol.Required("type"): "markdown",
                        vol.Required("attributes"): {vol.Required("value"): str},
                    },
                    element("input", TEXT),
                    element("textarea", {**TEXT, vol.Optional("render"): str}),
                    element(
                        "dropdown",
                        {
                            vol.Required("options"): OPTIONS,
                            vol.Optional("multiple"): bool,
                        },
                    ),
                )
            ],
            vol.Length(min=1),
        ),
    }
)
CHOOSER = vol.Schema(
    {
        vol.Required("blank_issues_enabled"): bool,
        vol.Required("contact_links"): [
            {
                vol.Required("name"): str,
                vol.Required("url"): vol.Url(),
                vol.Required("about"): str,
            }
        ],
    }
)


def jobs(workflow: Path) -> dict[str, Any]:
    """Return the jobs of a workflow."""
    return dict(load_yaml_dict(str(workflow))["jobs"])


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_actions_are_pinned_by_commit(workflow: Path) -> None:
    uses = USES.findall(workflow.read_text(encoding="utf-8"))
    assert uses
    assert not [
        line
        for line in uses
        if not line.startswith("uses: ./") and not PINNED.fullmatch(line)
    ]


def test_an_action_has_one_version() -> None:
    commits: dict[str, set[str]] = {}
    for workflow in WORKFLOWS:
        for line in USES.findall(workflow.read_text(encoding="utf-8")):
            if match := PINNED.fullmatch(line):
                commits.setdefault(match["action"], set()).add(match["commit"])
    assert commits
    assert not {action: found for action, found in commits.items() if len(found) > 1}


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_workflows_have_no_more_rights_than_they_need(workflow: Path) -> None:
    whole = load_yaml_dict(str(workflow))
    assert whole["permissions"] in ({}, {"contents": "read"})
    for name, job in jobs(workflow).items():
        writes = {
            scope
            for scope, level in job.get("permissions", {}).items()
            if level != "read"
        }
        assert writes == WRITES.get((workflow.name, name), set()), name


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_checkouts_keep_no_token(workflow: Path) -> None:
    for job in jobs(workflow).values():
        for step in job.get("steps", []):
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False


def test_pull_requests_build_the_archive() -> None:
    validate = GITHUB / "workflows" / "validate.yml"
    # YAML 1.1 reads the key `on` as true.
    assert "pull_request" in load_yaml_dict(str(validate))[True]
    assert "run: scripts/archive" in validate.read_text(encoding="utf-8")


def test_archive_has_the_integration_at_its_top(tmp_path: Path) -> None:
    script = ROOT / "scripts" / "archive"
    subprocess.run(  # noqa: S603 - our own script
        [script, tmp_path], check=True, capture_output=True
    )
    with zipfile.ZipFile(tmp_path / "netrex.zip") as archive:
        assert json.loads(archive.read("manifest.json"))["domain"] == "netrex"
        names = archive.namelist()
    assert "client/__init__.py" in names
    assert not [name for name in names if "__pycache__" in name or name.startswith("/")]
    assert (tmp_path / "netrex.zip.sha256").read_text().endswith("  netrex.zip\n")


@pytest.mark.parametrize("form", FORMS, ids=lambda path: path.stem)
def test_issue_forms_follow_githubs_schema(form: Path) -> None:
    content = FORM(load_yaml_dict(str(form)))
    ids = [part["id"] for part in content["body"] if "id" in part]
    labels = [
        part["attributes"]["label"]
        for part in content["body"]
        if part["type"] != "markdown"
    ]
    assert len(ids) == len(set(ids)) == len(set(labels))


def test_bug_form_asks_for_diagnostics() -> None:
    form = load_yaml_dict(str(GITHUB / "ISSUE_TEMPLATE" / "bug.yml"))
    asked = {part.get("id"): part for part in form["body"]}
    assert asked["diagnostics"]["validations"]["required"] is True


def test_form_schema_refuses_what_github_refuses() -> None:
    with pytest.raises(vol.Invalid):
        FORM({"name": "Form", "description": "Form", "body": [{"type": "input"}]})


def test_the_issue_chooser_follows_githubs_schema() -> None:
    CHOOSER(load_yaml_dict(str(GITHUB / "ISSUE_TEMPLATE" / "config.yml")))


def test_code_owners_are_the_manifests() -> None:
    lines = (GITHUB / "CODEOWNERS").read_text(encoding="utf-8").splitlines()
    rules = [line.split() for line in lines if line and not line.startswith("#")]
    assert rules == [["*", *MANIFEST["codeowners"]]]


def test_dependabot_watches_actions_and_requirements() -> None:
    settings = load_yaml_dict(str(GITHUB / "dependabot.yml"))
    assert settings["version"] == 2
    assert {update["package-ecosystem"] for update in settings["updates"]} == {
        "github-actions",
        "pip",
    }
    inputs = "\n".join(
        path.read_text(encoding="utf-8")
        for path in (ROOT / "requirements").glob("*.in")
    )
    [pip] = [u for u in settings["updates"] if u["package-ecosystem"] == "pip"]
    for dependency in pip["allow"]:
        assert re.search(rf"(?m)^{dependency['dependency-name']}\b", inputs)


def test_development_container_calls_the_setup() -> None:
    container = read_json(ROOT / ".devcontainer" / "devcontainer.json")
    assert container["postCreateCommand"] == "scripts/setup"


def test_pre_commit_calls_the_lint_script() -> None:
    settings = load_yaml_dict(str(ROOT / ".pre-commit-config.yaml"))
    [repository] = settings["repos"]
    assert repository["repo"] == "local"
    assert [hook["entry"] for hook in repository["hooks"]] == ["scripts/lint"]


def test_editors_and_ruff_agree_on_the_line() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    editors = (ROOT / ".editorconfig").read_text(encoding="utf-8")
    python = editors.split("[*.py]")[1].split("[")[0]
    assert f"max_line_length = {project['tool']['ruff']['line-length']}\n" in python


def test_changelog_speaks_of_this_version() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## \[(.+?)\]", changelog, re.MULTILINE)
    assert headings[0] == "Unreleased"
    released = headings[1:]
    # Before the first release there is only what is unreleased.
    assert not released or MANIFEST["version"] in released
    assert "CHANGELOG.md" in (GITHUB / "workflows" / "release.yml").read_text("utf-8")
