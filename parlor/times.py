"""Points in time as people and programs read them."""

from datetime import UTC, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo


@lru_cache(maxsize=64)  # a batch of messages has one time, and each reader's page the same ones
def iso(moment):
    """`2026-11-21T09:30:00.125Z`, from an aware datetime."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def zone(name):
    """The time zone of that IANA name; UTC for none, or for one that is not known."""
    try:
        return ZoneInfo(name) if name else UTC
    except (KeyError, ValueError, OSError):
        return UTC


def day_label(day, today):
    """`Today`, `Yesterday`, or `Saturday, 21 November`, with the year where it is another."""
    if day == today:
        return "Today"
    if day == today - timedelta(days=1):
        return "Yesterday"
    label = f"{day:%A}, {day.day} {day:%B}"
    return label if day.year == today.year else f"{label} {day.year}"


def brief(local, today):
    """Of a moment in the reader's zone, in a list: `14:05`, `Yesterday`, `Sat` within a week,
    `21 Nov`, with the year where it is another."""
    days = (today - local.date()).days
    if days == 0:
        return f"{local:%H:%M}"
    if days == 1:
        return "Yesterday"
    if 1 < days < 7:
        return f"{local:%a}"
    label = f"{local.day} {local:%b}"
    return label if local.year == today.year else f"{label} {local.year}"
