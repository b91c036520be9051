"""A camera's stream profiles: the default one, and their names."""

from collections.abc import Sequence

from ..client import StreamProfile

# What browsers, phones and small Home Assistant machines decode easily (pixels).
_MAX_WIDTH = 1920
_MAX_HEIGHT = 1080


def default_profile(profiles: Sequence[StreamProfile]) -> StreamProfile | None:
    """Return the largest profile of at most 1920x1080.

    If all are larger, return the smallest; one of unknown size only as a last resort.
    """
    sizes = {
        profile: profile.width * profile.height
        for profile in profiles
        if profile.width and profile.height
    }
    fitting = [
        profile
        for profile in sizes
        if (profile.width or 0) <= _MAX_WIDTH and (profile.height or 0) <= _MAX_HEIGHT
    ]
    if fitting:
        return max(fitting, key=sizes.__getitem__)
    if sizes:
        return min(sizes, key=sizes.__getitem__)
    return next(iter(profiles), None)


def profile_names(profiles: Sequence[StreamProfile]) -> dict[int, str]:
    """Return a unique name per profile id, such as `1920x1080`.

    The portal's profiles have sizes but no names; repeated sizes are numbered.
    """
    names: dict[int, str] = {}
    for profile in profiles:
        size = f"{profile.width or '?'}x{profile.height or '?'}"
        number = sum(name.split()[0] == size for name in names.values()) + 1
        names[profile.stream_profile_id] = size if number == 1 else f"{size} ({number})"
    return names
