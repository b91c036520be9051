"""The self-declared checklist of Home Assistant's integration quality scale."""

from homeassistant.util.yaml import load_yaml_dict
import pytest

from .project import INTEGRATION, ROOT, read_json

# developers.home-assistant.io/docs/core/integration-quality-scale
TIERS = {
    "bronze": """
        action-setup appropriate-polling brands common-modules config-flow
        config-flow-test-coverage dependency-transparency docs-actions docs-conditions
        docs-high-level-description docs-installation-instructions
        docs-removal-instructions docs-triggers entity-event-setup entity-unique-id
        has-entity-name runtime-data test-before-configure test-before-setup
        unique-config-entry
    """,
    "silver": """
        action-exceptions config-entry-unloading docs-configuration-parameters
        docs-installation-parameters entity-unavailable integration-owner
        log-when-unavailable parallel-updates reauthentication-flow test-coverage
    """,
    "gold": """
        devices diagnostics discovery discovery-update-info docs-data-update
        docs-examples docs-known-limitations docs-supported-devices
        docs-supported-functions docs-troubleshooting docs-use-cases dynamic-devices
        entity-category entity-device-class entity-disabled-by-default
        entity-translations exception-translations icon-translations
        reconfiguration-flow repair-issues stale-devices
    """,
    "platinum": "async-dependency inject-websession strict-typing",
}
RULES = {rule: tier for tier, rules in TIERS.items() for rule in rules.split()}
DECLARED = load_yaml_dict(str(INTEGRATION / "quality_scale.yaml"))["rules"]


def status(rule: str) -> str:
    """Return the declared status of a rule."""
    declared = DECLARED[rule]
    if isinstance(declared, str):
        return declared
    assert declared["comment"].strip(), f"{rule}: a comment tells why"
    return str(declared["status"])


def test_every_rule_of_the_scale_has_an_answer() -> None:
    assert len(RULES) == 54
    assert set(DECLARED) == set(RULES)


@pytest.mark.parametrize("rule", RULES)
def test_every_answer_is_valid(rule: str) -> None:
    assert status(rule) in {"done", "exempt", "todo"}
    if status(rule) != "done":
        assert isinstance(DECLARED[rule], dict), f"{rule}: a comment tells why"


def test_the_claimed_tier_is_reached() -> None:
    claimed = read_json(INTEGRATION / "manifest.json")["quality_scale"]
    reached = list(TIERS)[: list(TIERS).index(claimed) + 1]
    assert not [
        rule
        for rule, tier in RULES.items()
        if tier in reached and status(rule) == "todo"
    ]


@pytest.mark.parametrize("rule", RULES)
def test_the_documentation_shows_each_rule_in_its_tier(rule: str) -> None:
    text = (ROOT / "docs" / "quality.md").read_text(encoding="utf-8")
    sections = text.split("\n## ")[1:]
    row = f"\n| {rule} | "
    [section] = [one for one in sections if row in one]
    assert section.lower().startswith(RULES[rule])
    _, _, answer = section.partition(row)
    assert answer.startswith("Exempt: ") == (status(rule) == "exempt")
