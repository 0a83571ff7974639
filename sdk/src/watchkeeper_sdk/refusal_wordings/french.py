"""French worded refusals."""

from typing import Final

_CLAUSE_END: Final = r" ?(?:[,.!;:]| [—–-](?= ))\s*(?:(?:mais|cependant|toutefois|donc|et)\b,? )?"
_AI: Final = r"(?:une? )?(?:ia|intelligence artificielle|(?:grand )?modèle|assistante?|chatbot)"
OPENER: Final = (
    r"(?:bonjour|salut|non|(?:je suis )?(?:vraiment |sincèrement |profondément )?désolée?"
    r"|(?:je vous prie de m'excuser|toutes mes excuses|mes excuses|excusez-moi|pardon)"
    r"|malheureusement|hélas|je regrette|je (?:vous )?(?:comprends|sais|vois|remercie)\b[^.!?\n]{0,120}?"
    r"|merci\b[^.!?\n]{0,80}?|(?:en tant qu(?:e |'))"
    + _AI
    + r"\b[^.!?\n]{0,80}?|je suis "
    + _AI
    + r"\b[^.!?\n]{0,80}?)"
    + _CLAUSE_END
    + r"|mais "
)

_CANNOT: Final = (
    r"(?:je ne (?:peux|pourrai|pourrais|vais|souhaite|veux|dois)(?: malheureusement| donc| en aucun cas)? pas"
    r"|je ne suis(?: malheureusement)? pas (?:en mesure|autorisée?|capable|programmée?|habilitée?"
    r"|disposée?) (?:de |d'|à )?"
    r"|il m'est (?:malheureusement )?(?:impossible|interdit) (?:de |d')"
    r"|je n'ai pas (?:le droit|l'autorisation) (?:de |d')|je refuse (?:de |d')) ?"
)
_THIS: Final = r"(?:cela|ça|ceci|ce point|ce sujet)"
_REQUEST: Final = (
    r"(?:cette|ces|votre|ta|la|une telle|ce (?:type|genre) de)(?: \w+)? (?:demande|requête|question|sollicitation)s?"
)
REFUSES: Final = (
    _CANNOT + rf"(?:(?:(?:vous |t')?(?:aider|assister|accompagner)) (?:avec|pour|dans|sur|à|en) (?:{_THIS}"
    rf"|{_REQUEST})"
    r"|(?:vous |t')?(?:aider|assister)(?= ?[.,;!]|$)|y (?:répondre|donner suite|participer)"
    rf"|(?:répondre|donner suite|accéder|satisfaire|traiter|accepter|honorer"
    rf"|exécuter)(?: favorablement)?(?: à)? {_REQUEST}"
    r"|(?:participer|prendre part|contribuer) à (?:ce|cette|ces|un tel|une telle|cela)\b"
    r"|(?:le )?faire(?: cela| ça)?(?= ?[.,;!]|$)"
    r"|(?:vous |te )?(?:fournir|donner|proposer|créer|générer|produire) (?:d'|de |des |ce (?:type|genre) d'"
    r"|ce (?:type|genre)"
    r" de )(?:instruction|contenu|aide|assistance)s?\b)"
    rf"|je (?:dois|préfère|suis (?:contrainte?|obligée?) de|me vois (?:contrainte?|obligée?) de)(?: malheureusement)?"
    rf" (?:décliner|refuser)(?: (?:{_THIS}|{_REQUEST})|(?= ?[.,;:!]|$))"
    rf"|{_REQUEST} (?:va à l'encontre de|enfreint|viole|contrevient à|est contraire à|dépasse)[^.!?\n]{{0,20}}"
    r"\b(?:mes|nos|ma|les) (?:règles|directives|principes|consignes|politique|conditions|lignes)"
)
WITHHOLDS: Final = (
    _CANNOT
    + r"(?:vous |t'|te )?(?:aider|assister|fournir|donner|proposer|créer|générer|produire|rédiger|écrire|partager"
    r"|expliquer|divulguer|révéler|discuter|décrire|participer|encourager)"
)
GRAVE: Final = (
    r"\b(?:bombe|arme|explosi|illég|illicit|crimin|délit|haine|haineu|violen|drogue|stupéfiant|pirat|malveillan"
    r"|fraud|falsifi|escroqu|arnaqu|harcel|harcèl|menac|intimid|contourner|sexuel|explicite|vie privée|personnelles"
    r"|confidentiel|droit d'auteur|discrimin|diffam|désinform|poison|suicid|dangereu|nuire|nuisible|tuer|voler)"
)
PERSONAL: Final = (
    r"\b(?:lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|week-end|demain|ce soir|aujourd'hui|semaine|exacte?"
    r"|exactement|tant que|avant d|accès|sans (?:plus|la|le|les|votre|vos))\b"
)
ANSWERS_ANYWAY: Final = (
    r"\b(?:voici|ci-dessous)\b|\b(?:mais|cependant|toutefois),? (?:en général|généralement|la|le|les|il|elle|on"
    r"|environ"
    r"|c'est)\b"
)
