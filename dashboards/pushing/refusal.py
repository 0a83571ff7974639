"""What Grafana refuses, with what to do about it."""

from watchkeeper.errors import WatchkeeperError

UNAUTHORIZED, FORBIDDEN, NOT_FOUND, CONFLICT, PRECONDITION_FAILED = 401, 403, 404, 409, 412
_MENDS = {
    UNAUTHORIZED: "The token is wrong, expired or of another Grafana: set WATCHKEEPER_GRAFANA_TOKEN",
    FORBIDDEN: "The token's role is too small: dashboards and alert rules need Editor, data sources Admin",
    NOT_FOUND: "It, or the folder it is to be in, is not there, or not in the token's organisation",
    CONFLICT: "Somebody changed it meanwhile, or its name or uid is taken: look with `watchkeeper grafana diff`",
    PRECONDITION_FAILED: "Somebody changed it meanwhile, or its name or uid is taken: look with "
    "`watchkeeper grafana diff`",
}


class GrafanaRefused(WatchkeeperError):
    """Grafana answered ``status``, a 4xx; asking the same again cannot help."""

    def __init__(self, status: int, doing: str, said: str) -> None:
        mend = _MENDS.get(status, "")
        super().__init__(
            f"Grafana refused to {doing} ({status}{f': {said}' if said else ''})" + f". {mend}" * bool(mend)
        )
        self.status = status

    @property
    def is_forbidden(self) -> bool:
        """The token may not do this, though it may do other things."""
        return self.status == FORBIDDEN

    @property
    def ends_all(self) -> bool:
        """Nothing else will be allowed either."""
        return self.status == UNAUTHORIZED
