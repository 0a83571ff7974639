"""Commands whose exit code is a verdict: 0 and 2 and 3 are answers, so that whatever is wrong is 1."""

import traceback
from typing import Any

import typer
from typer.core import TyperCommand

from watchkeeper.errors import WatchkeeperError

QUIET, FAILED, REGRESSED, CANNOT_TELL = 0, 1, 2, 3
_USAGE = 2


class VerdictCommand(TyperCommand):
    """Wrong arguments and errors of ours end with exit code 1."""

    failed = FAILED

    def make_context(self, *args: Any, **kwargs: Any) -> Any:
        """As any command's, but for the exit code of wrong arguments."""
        try:
            return super().make_context(*args, **kwargs)
        except Exception as error:
            if getattr(error, "exit_code", None) == _USAGE:
                error.exit_code = self.failed  # type: ignore[attr-defined]
            raise

    def invoke(self, ctx: Any) -> Any:
        """As any command's, but for the exit code of errors of ours."""
        try:
            return super().invoke(ctx)
        except WatchkeeperError as error:
            typer.echo(f"watchkeeper: {error}", err=True)
            raise typer.Exit(self.failed) from None


class GateCommand(VerdictCommand):
    """A command whose exit codes 0, 1 and 2 are answers: whatever is wrong is 3."""

    failed = 3

    def invoke(self, ctx: Any) -> Any:
        """As a verdict's, but for the exit code of defects, which a gate would read as an answer."""
        try:
            return super().invoke(ctx)
        except Exception as error:
            if hasattr(error, "exit_code") or isinstance(error, typer.Abort):
                raise
            traceback.print_exc()
            raise typer.Exit(self.failed) from None
