"""Checks of the repository's files, above all those of hassfest and the HACS action.

Both of them are container images, which tests cannot run. Their rules for custom
integrations are implemented after Home Assistant's `script/hassfest` and HACS's
`utils/validate.py`.
"""
