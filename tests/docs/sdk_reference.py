"""The settings of watchkeeper-sdk as a table, from its configuration and the sentences below its fields."""

import ast
import inspect
from dataclasses import fields

from watchkeeper_sdk.configuration import Configuration
from watchkeeper_sdk.environment import ARGUMENTS, PREFIX


def sdk_settings() -> str:
    """One row an argument of ``init``."""
    meanings = _meanings()
    rows = ["| argument | variable | default | meaning |", "| --- | --- | --- | --- |"]
    for one in fields(Configuration):
        variable = PREFIX + one.name.upper()
        named = f"`{variable}`" if variable in ARGUMENTS else ""
        default = "" if one.default in ("", None) else f"`{one.default}`"
        rows.append(f"| `{one.name}` | {named} | {default} | {meanings[one.name]} |")
    return "\n".join(rows)


def _meanings() -> dict[str, str]:
    """What stands below each field. Raises :class:`KeyError` later for a field without a sentence."""
    [definition] = ast.parse(inspect.getsource(Configuration)).body
    assert isinstance(definition, ast.ClassDef)
    found: dict[str, str] = {}
    name = ""
    for statement in definition.body:
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            name = statement.target.id
        elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant) and name:
            found[name] = " ".join(str(statement.value.value).replace("``", "`").split())
            name = ""
    return found
