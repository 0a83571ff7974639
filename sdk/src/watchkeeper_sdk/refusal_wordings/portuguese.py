"""Portuguese worded refusals, of Brazil and of Portugal."""

from typing import Final

_CLAUSE_END: Final = r"(?:[,.!;:]| [—–-](?= ))\s*(?:(?:mas|porém|no entanto|contudo|portanto|então|e)\b,? )?"
_AI: Final = r"(?:uma? )?(?:ia|inteligência artificial|(?:grande )?modelo|assistente)"
OPENER: Final = (
    r"(?:olá|oi|não|desculpe|desculpa|me desculpe|peço desculpas?|perdão|sinto muito|lamento(?: muito)?|infelizmente"
    r"|lamentavelmente|obrigad[oa]\b[^.!?\n]{0,80}?|(?:entendo|compreendo|sei)\b[^.!?\n]{1,120}?"
    r"|(?:como|enquanto|sendo) "
    + _AI
    + r"\b[^.!?\n]{0,80}?|sou (?:apenas )?"
    + _AI
    + r"\b[^.!?\n]{0,80}?)"
    + _CLAUSE_END
    + r"|(?:receio que|temo que|infelizmente|lamento que) |mas "
)

_CANNOT: Final = (
    r"(?:(?:eu )?não (?:posso|poderei|poderia|consigo|vou|devo|quero|irei)"
    r"|não (?:estou|sou) (?:autorizad[oa] a|programad[oa] para|capaz de|apt[oa] a|dispost[oa] a|em condições de)"
    r"|não (?:me é|é) (?:possível|permitido)|é-me impossível|não tenho (?:permissão|autorização) para"
    r"|(?:me recuso|recuso-me) a) "
)
_THIS: Final = r"(?:isso|isto|esse assunto|este assunto|o que (?:você )?(?:pede|pediu))"
_REQUEST: Final = (
    r"(?:(?:a |o )?(?:ess[ae]|est[ae]|dess[ae]|dest[ae]|ness[ae]|nest[ae]|à sua|à tua|ao seu|sua|seu|tua|teu"
    r"|esse tipo de"
    r"|este tipo de)(?: \w+)? (?:solicitação|solicitações|pedido|pedidos|pergunta|perguntas|questão|tarefa"
    r"|requisição))"
)
REFUSES: Final = (
    _CANNOT
    + rf"(?:(?:te |o |a |lhe )?(?:ajud(?:ar|á)|auxili(?:ar|á)|assistir|colaborar|continuar|participar)(?:-l[oae]s?)?"
    rf" (?:(?:com|em|n) ?)?(?:{_THIS}|{_REQUEST}|nisso|nisto)"
    r"|(?:te |o |a )?(?:ajud(?:ar|á)|auxili(?:ar|á))(?:-l[oae]s?)?(?= ?[.,;!]|$)"
    rf"|(?:atender|responder|cumprir|satisfazer|processar|concluir|aceitar|realizar)(?: a| com| ao)? (?:{_THIS}"
    rf"|{_REQUEST})"
    r"|fazer (?:isso|isto)(?= ?[.,;!]|$)"
    r"|(?:te |lhe )?(?:fornecer|dar|oferecer|gerar|criar|produzir)(?:-[a-z]+)? (?:esse tipo de |este tipo de "
    r"|qualquer )?"
    r"(?:instruções|conteúdos?|ajuda|assistência)\b)"
    rf"|(?:preciso|devo|tenho (?:de|que)|terei (?:de|que)|sou obrigad[oa] a|prefiro) (?:recusar|declinar)"
    rf"(?: (?:{_THIS}|{_REQUEST})|(?= ?[.,;:!]|$))"
    rf"|{_REQUEST} (?:viola|infringe|vai contra|contraria|fere)\b[^.!?\n]{{0,12}}\b(?:minhas|nossas|as"
    rf"|diretrizes|meus)"
    r" (?:\w+ )?(?:diretrizes|políticas|regras|normas|princípios)"
)
WITHHOLDS: Final = (
    _CANNOT + r"(?:te |o |a |lhe )?(?:ajudar|auxiliar|fornecer|dar|oferecer|gerar|criar|produzir|escrever|redigir"
    r"|compartilhar|partilhar|explicar|revelar|descrever|participar|promover|discutir)"
)
GRAVE: Final = (
    r"\b(?:bomba|arma|explosiv|ilegal|ilegais|ilícit|crime|crimin|ódio|violên|violent|droga|hackear|invadir"
    r"|malicios|malware"
    r"|fraude|falsific|falsa|falso|golpe|assedi|ameaç|intimid|sexua|explícit|privad|pessoais|confidencia"
    r"|direitos autorais|direitos de autor|discrimin|difam|desinform|veneno|suic|perigos|dano|matar|roubar"
    r"|burlar|contornar)"
)
PERSONAL: Final = (
    r"\b(?:segunda|terça|quarta|quinta|sexta|sábado|domingo|fim de semana|amanhã|hoje|esta noite|semana|exat[oa]"
    r"|exatamente|até que|acesso|a menos que|sem (?:mais|a|o|as|os|seu|sua))\b"
)
ANSWERS_ANYWAY: Final = (
    r"\b(?:aqui (?:está|estão|vai|tem)|a seguir)\b|\b(?:mas|porém|no entanto),? (?:em geral|geralmente|o|a|os"
    r"|as|é|são"
    r"|cerca)\b"
)
