"""What an attribute may hold, told by its key: counts, words, names, addresses, or what never leaves."""

from __future__ import annotations

import re
from enum import Enum


class Kind(Enum):
    """The rule for the values under a key."""

    FREE = "the application's own words for Watchkeeper"
    PLAIN = "one identifier"
    NAME = "a name of a few words"
    LABEL = "a label of two or three words"
    TEMPLATE = "a span's name"
    ADDRESS = "an address without credentials and query"
    FAILURE = "an error text"
    PARAMETERS = "request parameters"
    COUNTS = "token counts or costs"
    TOKEN = "a number of tokens; as text a secret"
    CONTENT = "content: nothing but the skeleton of JSON"
    COUNTED_CONTENT = "content as text, a count as a number"
    USER = "the id of a user, to be hashed"
    SECRET = "left out"


_EXACT = {
    **dict.fromkeys(("gen_ai.prompt.name", "gen_ai.prompt.version", "gen_ai.tool.name", "tool.name"), Kind.NAME),
    **dict.fromkeys(("exception.message", "error.message", "mistral_ai.error.message"), Kind.FAILURE),
    "langfuse.observation.status_message": Kind.FAILURE,
    "gen_ai.evaluation.score.label": Kind.LABEL,
    "gen_ai.evaluation.explanation": Kind.SECRET,
    "gen_ai.evaluation.score.explanation": Kind.SECRET,
    "logfire.msg_template": Kind.TEMPLATE,
    "url.query": Kind.SECRET,
    "process.owner": Kind.SECRET,
    "process.args_count": Kind.PLAIN,
    "metadata.user_api_key_team_id": Kind.PLAIN,
    "anthropic.message.stop_reason": Kind.PLAIN,
    "langfuse.observation.completion_start_time": Kind.PLAIN,
    "code.function.name": Kind.PLAIN,
}
_OWN = "watchkeeper."
_OWN_HASH = "watchkeeper.user_hash"
_KEY = re.compile(r"[A-Za-z0-9_.:/\-*$\[\]]{1,160}")

# The following look at the key's words, as ``ai.telemetry.metadata.user.id``.
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_BETWEEN = re.compile(r"[^A-Za-z0-9]+")
_USER = re.compile(
    r"(^|\.)(end\.?)?user\.?(pseudo\.?)?(ids?|identifier|uid|uuid|guid|hash)(\.|$)|(^|\.)(end\.?)?user$|"
    r"(^|\.)pseudo\.?id$"
)
_SYSTEM_USER = re.compile(r"^(db|process|host|os|container|k8s|messaging|peer)\.")
_PERSONAL = re.compile(
    r"(^|\.)(end\.?)?user\.?(pseudo\.)?((full|first|last|nick|display|given|family)\.?)?name(\.|$)|e\.?mail|phone|"
    r"(^|\.)(first|last|full|given|family|sur)\.?name(\.|$)|(^|\.)client\.(address|ip)(\.|$)|(^|\.)(user|client)\.?ip(\.|$)"
)
_SECRET = re.compile(
    r"header|authoriz|cookie|secret|passw|(^|\.)pwd(\.|$)|credential|api\.?key|private\.?key|command|bearer|"
    r"(^|\.)(auth|jwt|dsn)(\.|$)|connection\.?str|"
    r"(^|\.)(access|refresh|session|id|auth|csrf|security|bot|bearer|api|personal)\.?tokens?(\.|$)"
)
_TOKEN = re.compile(r"(^|\.)token$")
_ADDRESS = re.compile(
    r"(^|\.)(url|uri|endpoint|api\.base|base\.url|target|path|address|host|hostname|server|link|href)(\.|$)|(url|uri)$"
)
_NAME = re.compile(
    r"(^|\.)(agent|workflow|prompt|service|span|route|evaluation|entity|operation|resource|trace|task|crew|environment)"
    r"\.name$|(^|\.)function\.id$|(^|\.)prompt\.key$"
)
_COUNTED = re.compile(
    r"(^|\.)(tokens?|usage|costs?|counts?|duration|latency|length|dimensions?|size|seconds|ms)(\.|$)|(^|\.)score\.value$"
)

# The following look at the key as it is.
_CONTENT = re.compile(
    r"messages?$|\.message\.|content|\.text$|\.object$|(^|[._:])(input|output|prompts?|completions?)$|[._](input|output)\.value$|"
    r"^(input|output)\.value$|^gen_ai\.(prompt|completion)\.\d|\.refusal$|arguments?$|\.result$|\.args$|system_instruction|"
    r"tool(s|call|calls|_calls)?([._]|$)|function|description|template|variable|documents?|query|statement|explanation|"
    r"embedding\.(text|vector|embeddings)|ai\.(values|value|embedding)|reasoning$|thinking$|request_data|response_data|"
    r"llm_re(quest|sponse)|stack|^events$|prompt_variables|schema$|schema\.",
    re.IGNORECASE,
)
_PLAIN_ENDINGS = ("finish_reason", "finish_reasons", ".role", "mime_type")
_PARAMETERS = re.compile(r"invocation_param|model\.parameters$|model_request_parameters$|request_data$")
_COUNTS = re.compile(r"(usage|cost)_details$")

_kinds: dict[str, Kind] = {}


def kind_of(key: str) -> Kind:
    """The rule for ``key``; remembered for the keys seen (bounded)."""
    kind = _kinds.get(key)
    if kind is None:
        kind = _looked_up(key)
        if len(_kinds) < 4_096:
            _kinds[key] = kind
    return kind


def _looked_up(key: str) -> Kind:
    words = _BETWEEN.sub(".", _HUMP.sub(".", key)).strip(".").lower()
    if key in _EXACT:
        return _EXACT[key]
    if key != _OWN_HASH:
        personal = _personal(words)
        if personal is not None:
            return personal
    if key.startswith(_OWN):
        return Kind.FREE if len(key) <= 256 else Kind.SECRET
    if not _KEY.fullmatch(key) or _SECRET.search(words):
        return Kind.SECRET
    return _content(key, words) or _worded(words)


def _personal(words: str) -> Kind | None:
    if _USER.search(words):
        return Kind.SECRET if _SYSTEM_USER.search(words) else Kind.USER
    return Kind.SECRET if _PERSONAL.search(words) else None


def _content(key: str, words: str) -> Kind | None:
    if key.endswith(_PLAIN_ENDINGS):
        return Kind.PLAIN
    if _COUNTS.search(key):
        return Kind.COUNTS
    if _PARAMETERS.search(key):
        return Kind.PARAMETERS
    if key.endswith("functionId") or not _CONTENT.search(key):
        return None
    return Kind.COUNTED_CONTENT if _COUNTED.search(words) else Kind.CONTENT


def _worded(words: str) -> Kind:
    if _TOKEN.search(words):
        return Kind.TOKEN
    if _NAME.search(words):
        return Kind.NAME
    return Kind.ADDRESS if _ADDRESS.search(words) else Kind.PLAIN
