"""German worded refusals."""

from typing import Final

_CLAUSE_END: Final = r"(?:[,.!;:]| ?[—–-](?= ))\s*(?:(?:aber|doch|jedoch|und|daher|deshalb)\b,? )?"
_AI: Final = (
    r"(?:ein |eine )?(?:ki|ai|künstliche intelligenz|(?:großes )?sprachmodell|(?:digitaler |virtueller )?assistent)"
)
OPENER: Final = (
    r"(?:hallo|hi|guten tag|nein|danke\b[^.!?\n]{0,80}?|vielen dank\b[^.!?\n]{0,80}?"
    r"|(?:es )?tut mir (?:sehr |wirklich |aufrichtig )?leid(?:, dass [^.!?\n]{1,80}?)?"
    r"|entschuldigung|entschuldige|entschuldigen sie|verzeihung|sorry|ich bedaure|bedauerlicherweise"
    r"|ich (?:verstehe|weiß|sehe)\b[^.!?\n]{1,120}?"
    r"|ich bin (?:nur )?"
    + _AI
    + r"\b[^.!?\n]{0,80}?)"
    + _CLAUSE_END
    + r"|als "
    + _AI
    + r"(?:[\w-]*)(?: von [\w ]{2,20})? (?=kann|darf|bin|werde|ist|möchte|muss)|leider |aber "
)

_WHOM: Final = r"(?:(?:dir|ihnen|euch|dich|sie) )?"
_SOFTLY: Final = r"(?:(?:leider|also|hier|nun|daher|deshalb|grundsätzlich|bedauerlicherweise|jedoch|auch) )*"
_MAY: Final = r"(?:kann|darf|werde|möchte|will|könnte)"
_IT: Final = r"(?:dabei|damit|hierbei|hiermit|dazu|hierzu|daran|darauf|hierauf|darüber|da|das|dies|so etwas)"
_REQUEST: Final = (
    r"(?:(?:bei |auf |zu )?(?:diese[rmns]?|ihre[rmn]?|deine[rmn]?|solche[rmn]?|der|die)"
    r" (?:\w+ )?(?:anfragen?|bitten?|frage|anliegen|wunsch|aufforderung|aufgabe|thema))"
)
_HELP: Final = (
    r"(?:(?:weiter)?helfen|unterstützen|behilflich sein|mitwirken|mitmachen|beitragen|nachkommen|entsprechen|erfüllen"
    r"|bearbeiten|beantworten|antworten|tun|machen|schreiben|erstellen|eingehen|ausführen)\b"
)
_GOODS: Final = r"\w*(?:anleitung|anweisung|inhalt|auskunft|auskünfte|hilfe|unterstützung|ratschläge|hinweise|tipps)\w*"
_GIVE: Final = (
    r"(?:geben|bereitstellen|erstellen|liefern|anbieten|machen|erteilen|verfassen|generieren|leisten|teilen)\b"
)
REFUSES: Final = (
    rf"(?:{_IT}|{_REQUEST}) {_MAY} ich {_WHOM}{_SOFTLY}(?:nicht|keine?) (?:\w+ )?{_HELP}"
    rf"|(?:ich {_MAY}|{_MAY} ich) {_WHOM}{_SOFTLY}(?:{_IT}|{_REQUEST}) {_SOFTLY}nicht {_HELP}"
    rf"|(?:ich {_MAY}|{_MAY} ich) {_WHOM}{_SOFTLY}nicht (?:{_IT}|{_REQUEST}) {_HELP}"
    rf"|(?:ich {_MAY}|{_MAY} ich) {_SOFTLY}(?:(?:{_IT}"
    rf"|{_REQUEST}) )?keine(?:rlei)? (?:\w+ )?{_GOODS}\b[^.!?\n]{{0,80}}?{_GIVE}"
    rf"|das werde ich nicht {_HELP}"
    rf"|(?:ich muss|muss ich) {_SOFTLY}(?:(?:{_REQUEST}|das|dies) )?{_SOFTLY}ablehnen"
    r"|ich lehne (?:das|dies|es|diese \w+) ab"
    rf"|{_REQUEST} (?:verstößt|widerspricht|verletzt) [^.!?\n]{{0,40}}(?:richtlinie|regeln|vorgaben|grundsätze)"
)
WITHHOLDS: Final = (
    rf"(?:ich bin|bin ich) {_SOFTLY}nicht (?:in der lage|befugt|berechtigt|bereit|dazu)\b"
    rf"|(?:ich {_MAY}|{_MAY} ich) [^.!?\n]{{0,100}}?(?:nicht|keine?)\b"
    rf"|(?:bei|beim|zu|zum|zur) [^.!?\n]{{3,80}}? {_MAY} ich {_WHOM}{_SOFTLY}nicht {_HELP}"
)
GRAVE: Final = (
    r"waffe|sprengstoff|bombe|gewalt|illegal|rechtswidrig|straftat|strafbar|hass|drogen|schadsoftware|hack"
    r"|fälsch|betrug"
    r"|betrüg|umgehung|umgehen|missbrauch|richtlinie|sexuell|gift|stalk|beleidig|diskriminier|private daten|schädlich"
    r"|selbstverletz|urheberrecht|einschüchter|bedroh|erpress|personenbezogen"
)
PERSONAL: Final = (
    r"\b(?:montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag|wochenende|heute|morgen|nächste woche"
    r"|genaue?n?"
    r"|solange|bevor|noch nicht|zugang|zugriff|ohne (?:weitere|mehr|die|den|das))\b"
)
ANSWERS_ANYWAY: Final = (
    r"\bhier (?:ist|sind|findest|finden)\b|\b(?:aber|jedoch) (?:es|im allgemeinen|in der regel|etwa|ungefähr|meist"
    r"|üblicherweise|die|der|das|ein|eine)\b|\bim folgenden\b"
)
