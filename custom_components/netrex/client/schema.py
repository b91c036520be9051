"""What the portal's schema has beyond the documented fields (decision D5)."""

from collections.abc import Mapping

from .enums import Transport


class Schema:
    """Fields and enum values of the portal."""

    introspected: bool

    @classmethod
    def documented(cls) -> Schema:
        """Return what the vendor's documentation shows, no more."""
        raise NotImplementedError

    @classmethod
    def from_dict(cls, stored: object) -> Schema:
        """Return the schema that `as_dict` gave; `documented()` for anything else."""
        raise NotImplementedError

    def as_dict(self) -> dict[str, object]:
        """Return the schema, fit for JSON."""
        raise NotImplementedError

    def has_field(self, type_name: str, field: str) -> bool:
        """Tell whether an object type has a field."""
        raise NotImplementedError

    def enum_values(self, name: str) -> frozenset[str]:
        """Return the values of an enum; empty if it is unknown."""
        raise NotImplementedError

    @property
    def transports(self) -> frozenset[Transport]:
        """Transports that a live link can be asked for."""
        raise NotImplementedError

    def summary(self) -> Mapping[str, object]:
        """Return what is worth a diagnostics file; there is nothing private in it."""
        raise NotImplementedError
