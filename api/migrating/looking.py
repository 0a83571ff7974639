"""What was seen of a migration, put together for the decision."""

from datetime import datetime

from api.migrating.decide import NOTHING_YET, Look
from api.migrating.phases import gate
from api.migrating.standing import Standing
from api.migrating.triggers import Seen
from api.migrating.watching import Noticed


def look_at(standing: Standing, minutes: Seen | None, so_far: Noticed | None, now: datetime) -> Look:
    """The look; None: nothing was seen within the last minutes, or of the phase so far."""
    return Look(
        phase=standing.phase,
        gate=gate(standing.phase, standing.migration.gates),
        hours=(now - standing.last.phase_began_at).total_seconds() / 3600,
        progress=so_far.progress if so_far else NOTHING_YET,
        minutes=minutes,
        so_far=so_far.seen if so_far else None,
        paused=standing.last.paused,
        warned=bool(standing.last.warnings),
    )
