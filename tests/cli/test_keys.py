"""``watchkeeper keys`` and ``audit`` on a directory that nobody else holds."""

import orjson
import pytest

from tests.cli.command import Watchkeeper
from watchkeeper.storage.client import Store
from watchkeeper.storage.key_secret import split

pytestmark = pytest.mark.clickhouse


def test_a_key_is_made_and_only_its_secret_is_on_standard_output(on_store: Watchkeeper) -> None:
    ran = on_store("keys", "create", "grafana", "--scope", "read", "--tenant", "acme", "--expires", "90d")
    assert ran.code == 0, ran.err
    assert split(ran.out.strip().encode()) is not None
    assert "key grafana: read; tenants: acme" in ran.err and ran.out.strip() not in ran.err
    listed = on_store("keys", "list")
    assert "grafana" in listed.out and "acme" in listed.out and ran.out.strip() not in listed.out


def test_keys_are_listed_as_the_api_lists_them(on_store: Watchkeeper) -> None:
    on_store("keys", "create", "ci", "--scope", "ingest", "--scope", "read", "--expires", "never")
    (key,) = orjson.loads(on_store("keys", "list", "--json").out)
    assert (key["name"], key["scopes"], key["expires_at"], key["state"]) == ("ci", ["ingest", "read"], None, "live")
    assert "never" in on_store("keys", "list").out


def test_rotate_and_revoke(on_store: Watchkeeper) -> None:
    first = on_store("keys", "create", "ci", "--scope", "ingest").out
    second = on_store("keys", "rotate", "ci", "--overlap", "1h")
    assert second.code == 0 and split(second.out.strip().encode()) is not None and second.out != first
    assert "end in 1h" in second.err
    assert on_store("keys", "revoke", "ci").out == "revoked 2 keys named ci\n"
    assert {key["state"] for key in orjson.loads(on_store("keys", "list", "--json").out)} == {"revoked"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("create", "a b", "--scope", "read"), "'a b' is no name for a key"),
        (
            ("create", "a", "--scope", "read", "--expires", "soon"),
            "--expires is 'soon': write a number",
        ),
        (("create", "a", "--scope", "root"), "root"),
        (("create", "a", "--scope", "admin", "--tenant", "acme"), "admin keys see everything"),
        (("create", "a"), "--scope"),
        (("rotate", "nobody"), "no live key is named 'nobody'"),
        (("rotate", "nobody", "--overlap", "1y"), "--overlap is '1y'"),
        (("revoke", "no/body"), "No such page"),
    ],
)
def test_what_cannot_be_is_a_sentence(on_store: Watchkeeper, arguments: tuple[str, ...], said: str) -> None:
    ran = on_store("keys", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


def test_writes_are_in_the_log(on_store: Watchkeeper, shared_store: Store) -> None:
    on_store("keys", "create", "ci", "--scope", "ingest")
    shown = on_store("audit")
    assert "/v1/keys" in shown.out and "POST" in shown.out and "201" in shown.out
    (entry,) = orjson.loads(on_store("audit", "--json").out)
    assert (entry["path"], entry["status"], len(entry["body_digest"])) == ("/v1/keys", 201, 16)
    assert orjson.loads(on_store("audit", "--json", "--key", "nobody").out) == []
