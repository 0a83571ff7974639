"""Spanish worded refusals."""

from typing import Final

_CLAUSE_END: Final = r"(?:[,.!;:]| [—–-](?= ))\s*(?:(?:pero|sin embargo|no obstante|así que|por lo que|y)\b,? )?"
_AI: Final = r"(?:una? )?(?:ia|inteligencia artificial|(?:gran )?modelo|asistente)"
OPENER: Final = (
    r"(?:hola|no|lo siento(?: mucho)?|lo lamento(?: mucho)?|disculpa|disculpe|perdón|perdona|mis disculpas"
    r"|lamentablemente|desafortunadamente|desgraciadamente|por desgracia|gracias\b[^.!?\n]{0,80}?"
    r"|(?:entiendo|comprendo|sé)\b[^.!?\n]{1,120}?|como " + _AI + r"\b[^.!?\n]{0,80}?"
    r"|soy (?:solo )?"
    + _AI
    + r"\b[^.!?\n]{0,80}?)"
    + _CLAUSE_END
    + r"|(?:me temo que|lamento que|lamentablemente) |pero "
)

_CANNOT: Final = (
    r"(?:no (?:puedo|podré|podría|voy a|debo|quiero|deseo)|no (?:estoy|me encuentro) (?:en condiciones de"
    r"|autorizad[oa] (?:a|para)"
    r"|capacitad[oa] para|programad[oa] para|dispuest[oa] a|en posición de)|no (?:me )?(?:es|resulta) posible"
    r"|me es imposible"
    r"|no se me permite|no tengo permi(?:so|tido)(?: para)?|me niego a) "
)
_THIS: Final = r"(?:eso|esto|ello|ese tema|este tema|lo que (?:me )?(?:pides|pide|solicitas|solicita))"
_REQUEST: Final = (
    r"(?:(?:es[ae]|est[ae]|es[ao]s|est[ao]s|t[ue]|su|la|el|ese tipo de|este tipo de)(?: \w+)?"
    r" (?:solicitud|solicitudes|petición|peticiones|pregunta|preguntas|consulta|tarea|pedido))"
)
REFUSES: Final = (
    _CANNOT + rf"(?:(?:ayudar|asistir|apoyar|colaborar|continuar|participar)(?:te|le|lo|la|os|les)? (?:con"
    rf"|en) (?:{_THIS}|{_REQUEST})"
    r"|(?:ayudar|asistir)(?:te|le|lo|la|os|les)?(?= ?[.,;!]|$)"
    rf"|(?:cumplir|responder|contestar|atender|acceder|satisfacer|procesar|completar|realizar)(?:te|le)?(?: con| a)?"
    rf" (?:{_THIS}|{_REQUEST})|(?:atender|responder|cumplir|hacer|realizar|escribir)(?:la|lo)(?= ?[.,;!]|$)"
    r"|hacer (?:eso|esto)(?= ?[.,;!]|$)"
    r"|(?:proporcionar|dar|ofrecer|brindar|generar|crear|producir)(?:te|le)? (?:ese tipo de |este tipo de "
    r"|ningún tipo de )?"
    r"(?:instrucciones|contenido|ayuda|asistencia)\b)"
    rf"|(?:debo|tengo que|prefiero|me veo obligad[oa] a|he de) (?:rechazar|declinar|negarme)"
    rf"(?: (?:{_THIS}|{_REQUEST})|(?= ?[.,;:!]|$)| a )"
    rf"|{_REQUEST} (?:infringe|viola|va en contra de|incumple|contraviene|es contraria a|vulnera)\b[^.!?\n]{{0,12}}"
    r"\b(?:mis|nuestras|las|mi) (?:normas|directrices|políticas|política|reglas|pautas|principios|programación)"
)
WITHHOLDS: Final = (
    _CANNOT + r"(?:ayudar|asistir|apoyar|proporcionar|dar|ofrecer|brindar|generar|crear|producir|escribir|redactar"
    r"|compartir|explicar|revelar|describir|participar|elaborar|fomentar|promover)"
)
GRAVE: Final = (
    r"\b(?:bomba|arma|explosiv|ilegal|ilícit|delit|crim|odio|violen|droga|hackear|pirate|malicios|malware|fraude"
    r"|falsific|falsa|falso|estafa|acosa|acoso|amenaz|intimid|sexual|explícit|privad|personales|confidencial"
    r"|derechos de autor|discrimin|difam|desinform|veneno|suicid|peligros|dañ|matar|robar|evadir|eludir|burlar)"
)
PERSONAL: Final = (
    r"\b(?:lunes|martes|miércoles|jueves|viernes|sábado|domingo|fin de semana|mañana|esta noche|hoy|semana|exact[oa]"
    r"|exactamente|hasta que|acceso|a menos que|sin (?:más|la|el|los|las|tu|su))\b"
)
ANSWERS_ANYWAY: Final = (
    r"\b(?:aquí (?:tienes|tiene|está|están|va)|a continuación)\b|\b(?:pero|sin embargo),? (?:en general"
    r"|generalmente|por lo"
    r" general|el|la|los|las|es|son|unos|unas)\b"
)
