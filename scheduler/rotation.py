"""Which of a reminder's texts comes next: each once before any comes again, whatever happens in between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """Where a rotation stands: its cycle, and the keys used in it in their order."""

    cycle: int = 1
    used: tuple[str, ...] = ()
    last: str = ""

    def as_dict(self) -> dict[str, Any]:
        return {"cycle": self.cycle, "used": list(self.used), "last": self.last}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any] | None) -> Rotation:
        """From what the database has; anything of another shape starts anew."""
        try:
            return (
                cls(
                    cycle=int(data["cycle"]), used=tuple(str(k) for k in data["used"]), last=str(data["last"])
                )
                if data
                else cls()
            )
        except (KeyError, TypeError, ValueError):
            return cls()


def next_text(keys: Sequence[str], rotation: Rotation) -> tuple[str, Rotation]:
    """The key whose turn it is and the rotation after it.

    In the given order; what was added in mid-cycle still has its turn, what was taken away is passed over.
    Raises ValueError without keys.
    """
    if not keys:
        raise ValueError("no texts to rotate")
    used = set(rotation.used)
    left = [key for key in keys if key not in used]
    if left:
        key = left[0]
        return key, Rotation(cycle=rotation.cycle, used=(*rotation.used, key), last=key)
    key = next((k for k in keys if k != rotation.last), keys[0])
    return key, Rotation(cycle=rotation.cycle + 1, used=(key,), last=key)
