"""The walls around the routes, from the outside in: headers, time, size, access, audit."""

from dataclasses import dataclass

from fastapi import FastAPI

from api.auth import Access, Authenticator
from api.walls.access import AccessRates, AccessWall
from api.walls.audit import AuditTrail, AuditWall
from api.walls.body import BodyTooLarge, BodyWall, on_too_large
from api.walls.headers import HeadersWall
from api.walls.time import TimeLimits, TimeWall
from watchkeeper.clock import Clock
from watchkeeper.storage.client import Store


@dataclass(frozen=True, slots=True)
class Walls:
    """How high they are."""

    rates: AccessRates = AccessRates()
    times: TimeLimits = TimeLimits()
    max_body_bytes: int = 4 * 2**20


def build_walls(app: FastAPI, walls: Walls, access: Access, store: Store, clock: Clock) -> None:
    """Put them around ``app``. ``store`` takes the audit log."""
    authenticator = Authenticator(access)
    app.add_exception_handler(BodyTooLarge, on_too_large)
    # The last one added is the outermost.
    app.add_middleware(AuditWall, trail=AuditTrail(store), clock=clock)
    app.add_middleware(AccessWall, authenticator=authenticator, rates=walls.rates, clock=clock)
    app.add_middleware(BodyWall, max_bytes=walls.max_body_bytes)
    app.add_middleware(TimeWall, limits=walls.times)
    app.add_middleware(HeadersWall)
