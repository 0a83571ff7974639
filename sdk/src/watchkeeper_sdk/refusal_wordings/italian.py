"""Italian worded refusals."""

from typing import Final

_CLAUSE_END: Final = r"(?:[,.!;:]| [—–-](?= ))\s*(?:(?:ma|tuttavia|però|quindi|perciò|e)\b,? )?"
_AI: Final = r"(?:una? |un')?(?:ia|ai|intelligenza artificiale|(?:grande )?modello|assistente)"
OPENER: Final = (
    r"(?:ciao|buongiorno|no|mi (?:dispiace|spiace)(?: molto| davvero)?|sono (?:spiacente|desolat[oa])|scusa"
    r"|scusami|scusi"
    r"|chiedo scusa|le mie scuse|purtroppo|sfortunatamente|grazie\b[^.!?\n]{0,80}?"
    r"|(?:capisco|comprendo|so)\b[^.!?\n]{1,120}?|(?:come|in quanto|in qualità di|essendo) "
    + _AI
    + r"\b[^.!?\n]{0,80}?"
    r"|sono (?:solo )?" + _AI + r"\b[^.!?\n]{0,80}?)" + _CLAUSE_END + r"|(?:temo che|purtroppo) |ma "
)

_CANNOT: Final = (
    r"(?:non (?:posso|potrò|potrei|intendo|voglio|desidero|devo|riesco ad?)"
    r"|non sono (?:in grado di|autorizzat[oa] ad?|programmat[oa] per|dispost[oa] ad?|nella posizione di)"
    r"|non mi è (?:possibile|permesso|consentito)|mi è impossibile|mi rifiuto di) "
)
_THIS: Final = r"(?:questo|ciò|quello che (?:chiedi|chiede)|questo argomento)"
_REQUEST: Final = (
    r"(?:(?:a |con |alla |la |le |una )?(?:quest[aeo]|tua|sua|tue|sue|simile|questo (?:tipo|genere) di)"
    r" (?:richiest[ae]|domand[ae]|compito))"
)
REFUSES: Final = (
    _CANNOT
    + rf"(?:(?:aiutar|assister|supportar|aiut|assist)(?:ti|la|vi|lo|e)? (?:con |in |su |a )?(?:{_THIS}|{_REQUEST})"
    r"|(?:aiutar|assister)(?:ti|la|vi|e)(?= ?[.,;!]|$)"
    rf"|(?:soddisfare|rispondere(?: a)?|accogliere|esaudire|elaborare|completare|evadere|accettare"
    rf"|dare seguito a) (?:{_THIS}|{_REQUEST})"
    r"|(?:partecipare|prendere parte|contribuire) a (?:quest|ciò|simili|tali|un simile)\w*"
    r"|far(?:e questo|e ciò|lo)(?= ?[.,;!]|$)"
    r"|(?:fornir|dar|offrir|generar|crear|produrr)(?:ti|le|vi|e) (?:questo (?:tipo|genere) di )?"
    r"(?:istruzioni|contenut[oi]|aiuto|assistenza)\b)"
    rf"|(?:devo|sono costrett[oa] a|preferisco|mi vedo costrett[oa] a)(?: purtroppo)? (?:rifiutare|declinare)"
    rf"(?: (?:{_THIS}|{_REQUEST})|(?= ?[.,;:!]|$)|rmi di )"
    r"|(?:(?:la (?:tua|sua)|questa) (?:richiesta|domanda)) (?:viola|va contro|infrange|è contraria a"
    r"|contravviene a)\w*\b"
    r"[^.!?\n]{0,12}\b(?:mie|nostre|linee|le|alle|politiche) (?:\w+ )?(?:linee|norme|regole|politiche|guida)"
)
WITHHOLDS: Final = (
    _CANNOT + r"(?:aiutar|assister|fornir|dar|offrir|generar|crear|produrr|scriver|rediger|condivider|spiegar|rivelar"
    r"|descriver|partecipar|promuover|contribuir|discuter)\w+"
)
GRAVE: Final = (
    r"\b(?:bomba|ordign|arm[ai]\b|esplosiv|illegal|illecit|reat|crimin|odio|violen|violar|droga|droghe|hacker"
    r"|malevol|malware"
    r"|frode|truff|fals|molest|minacc|intimid|sessual|esplicit|privat|personali|riservat|diritto d'autore"
    r"|discrimin|diffam|disinform|veleno|suicid|pericolos|dann|nuocer|uccider|rubar|aggirar|eluder)"
)
PERSONAL: Final = (
    r"\b(?:lunedì|martedì|mercoledì|giovedì|venerdì|sabato|domenica|fine settimana|domani|stasera|oggi"
    r"|settimana|esatt[oa]"
    r"|esattamente|finché|accesso|a meno che|senza (?:altre|la|il|i|le|ulteriori))\b"
)
ANSWERS_ANYWAY: Final = (
    r"\b(?:ecco|di seguito|qui sotto)\b|\b(?:ma|tuttavia|però),? (?:in generale|generalmente|di solito|il|la|lo"
    r"|i|gli|le|è"
    r"|sono|circa)\b"
)
