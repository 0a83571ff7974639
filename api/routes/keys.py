"""``/v1/keys``: make, list, rotate and revoke API keys."""

import secrets
import threading
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import AwareDatetime, BaseModel, Field

from api.access import Scope, require
from watchkeeper.clock import Clock
from watchkeeper.storage.api_keys import ApiKey, CreatedKey, NewKey, create_key, list_keys, revoke_key, rotate_key
from watchkeeper.storage.client import Store
from watchkeeper.storage.key_ring import KeyRing

MOST_OVERLAP_S = 30 * 86_400
Name = Annotated[str, Path(description="Name of the key.", max_length=64)]
Tenant = Annotated[str, Field(min_length=1, max_length=200)]


class KeyRequest(BaseModel):
    """Body of ``POST /v1/keys``."""

    name: str = Field(description="Letters, digits and . _ @ -; of one live key only.", min_length=1, max_length=64)
    scopes: list[Scope] = Field(min_length=1, max_length=len(Scope))
    tenants: list[Tenant] = Field(
        default_factory=list, description="Sees calls of these tenants only; empty: all.", max_length=100
    )
    expires_at: AwareDatetime | None = Field(None, description="When it ends by itself; null: never.")


class RotateRequest(BaseModel):
    """Body of ``POST /v1/keys/{name}/rotate``."""

    overlap_s: int = Field(86_400, ge=0, le=MOST_OVERLAP_S, description="Seconds that the key before still opens.")


class KeyItem(BaseModel):
    """A key without its secret."""

    id: str
    name: str
    state: str = Field(description="live, expired or revoked.")
    scopes: list[str]
    tenants: list[str] = Field(description="Empty: all.")
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    used_at: datetime | None = Field(description="Last use, exact to an hour; null: never.")


class NewKeyAnswer(BaseModel):
    """A new key with its secret, which is shown this once."""

    key: KeyItem
    secret: str


class RevokeAnswer(BaseModel):
    """How many keys of that name were live."""

    revoked: int


def router(store: Store, ring: KeyRing | None, clock: Clock) -> APIRouter:
    """The routes over ``store``; ``ring`` learns at once what changes."""
    routes = APIRouter(prefix="/v1/keys", tags=["keys"], dependencies=[Depends(require(Scope.ADMIN))])
    # Names are looked at before they are written, so one at a time.
    turn = threading.Lock()

    def learn() -> None:
        if ring is not None:
            ring.refresh()

    @routes.get("", summary="All keys, the newest first, without their secrets")
    def listing() -> list[KeyItem]:
        return key_items(list_keys(store, clock.now()), clock.now())

    @routes.post("", summary="Make a key", status_code=201)
    def create(request: KeyRequest) -> NewKeyAnswer:
        scopes = tuple(str(scope) for scope in request.scopes)
        wanted = NewKey(request.name, scopes, tuple(request.tenants), request.expires_at)
        with turn:
            made = create_key(store, wanted, clock.now(), secrets.token_bytes)
        learn()
        return new_key_answer(made, clock.now())

    @routes.post("/{name}/rotate", summary="Make a successor; the key before ends after a while")
    def rotate(name: Name, request: RotateRequest) -> NewKeyAnswer:
        with turn:
            overlap = timedelta(seconds=request.overlap_s)
            made = rotate_key(store, name, overlap, clock.now(), secrets.token_bytes)
        learn()
        return new_key_answer(made, clock.now())

    @routes.post("/{name}/revoke", summary="End every key of that name at once")
    def revoke(name: Name) -> RevokeAnswer:
        with turn:
            revoked = revoke_key(store, name, clock.now())
        learn()
        return RevokeAnswer(revoked=revoked)

    return routes


def key_items(keys: Sequence[ApiKey], now: datetime) -> list[KeyItem]:
    """Keys as the API shows them."""
    return [_item(key, now) for key in keys]


def new_key_answer(made: CreatedKey, now: datetime) -> NewKeyAnswer:
    """A new key as the API shows it, once."""
    return NewKeyAnswer(key=_item(made.key, now), secret=made.text)


def _item(key: ApiKey, now: datetime) -> KeyItem:
    state = "live" if key.is_live(now) else "revoked" if key.revoked_at is not None else "expired"
    values = {name: getattr(key, name) for name in KeyItem.model_fields if name != "state"}
    return KeyItem(state=state, **values)
