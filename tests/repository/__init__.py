"""Checks of the repository itself, above all what hassfest and the HACS action check.

Neither of those two can run here: they are container images. Their rules for a custom
integration are rebuilt from Home Assistant's `script/hassfest` and HACS's
`utils/validate.py`.
"""
