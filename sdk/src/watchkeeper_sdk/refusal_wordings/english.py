"""English worded refusals."""

from typing import Final

_TO_CLAUSE_END: Final = r"(?:[,.!;:]| ?[—–-](?= ))\s*(?:(?:but|however|so|therefore|and)\b,? )?"
_AI: Final = (
    r"(?:an? )?(?:large |helpful |responsible |virtual )*(?:ai|a\.i\.|artificial intelligence|language model"
    r"|assistant)"
)
OPENER: Final = (
    r"(?:"
    r"(?:hi|hello|hey)(?: there)?|no|nope|oh|well|okay|ok"
    r"|(?:i'm|i am|we're|we are)? ?(?:so |very |really |truly |deeply |terribly )?sorry"
    r"(?: (?:that|to hear|to learn|about|for)\b[^.!?\n]{1,100}?)?"
    r"|(?:my |our |sincere )*apologies(?: for [^.!?\n]{1,60}?)?"
    r"|i (?:do )?(?:sincerely )?apologi[sz]e(?: for [^.!?\n]{1,60}?)?"
    r"|unfortunately|regrettably|i regret to say|however|that said|with that said|therefore|that's why"
    r"|dave"
    r"|(?:thanks|thank you)\b[^.!?\n]{0,100}?"
    r"|i (?:can |do |totally |completely |fully )?(?:understand|appreciate|know|realise|realize|recogni[sz]e|see|hear"
    r"|get)\b[^.!?\n]{1,140}?"
    r"|it (?:sounds|seems|looks) (?:like|as)\b[^.!?\n]{1,140}?"
    r"|as " + _AI + r"\b[^.!?\n]{0,100}?"
    r"|(?:i'm|i am) (?:just |only )?" + _AI + r"\b[^.!?\n]{0,100}?"
    r"|(?:i'm|i am|i was) (?:programmed|designed|trained|built|made|only able|here|meant)\b[^.!?\n]{1,140}?"
    r"|i can only\b[^.!?\n]{1,120}?"
    r")" + _TO_CLAUSE_END + r"|(?:i'm|i am) (?:sorry|afraid)(?: but| that)? |(?:sorry|unfortunately)(?: but)? |but "
)

_CANNOT: Final = (
    r"(?:(?:and )?i(?:"
    r" (?:can ?not|can't|won't|will not|shall not|could not|couldn't|must not|do not|don't)"
    r"(?: and (?:will not|won't|cannot))?(?: be able to)?"
    r"|(?:'m| am) (?:just |simply |also )?(?:unable|not (?:able|allowed|permitted|authori[sz]ed|programmed|designed"
    r"|willing|prepared|going|equipped|in a position|here)) to"
    r"|(?:'d| would) rather not|(?:'d| would) prefer not to"
    r"|(?:'m| am) not comfortable|(?: do not|don't| don't) feel comfortable"
    r"| (?:do not|don't) have (?:permission|the ability|the authority) to"
    r"| refuse to| decline to"
    r")(?:,? in good conscience,?| simply| really| ethically| legally| knowingly| ever| be)? )"
)
_REQUEST: Final = r"(?:request|question|query|prompt|task|demand|enquiry|inquiry|instruction)s?"
_STOP: Final = r"(?= ?(?:[,.;:!)\n—–]|$| -)| (?:but|because|as|since|so|due|and|or|if|here|for you|at)\b)"
_IT: Final = (
    r"(?:(?:that|this|it|these|those|such|any of (?:that|this))"
    r"(?: (?:one|kind|type|sort|particular|specific|topic|matter|subject|activity|thing|content|task)s?"
    r"(?: of [\w -]{1,40}?| request| topic)?)?" + _STOP + r"|what you(?:'re| are)"
    r"|(?:your|the|this|that|such|any|these|those|such an?|requests? (?:that|of|for|like|involving))"
    r" (?:\w+ ){0,2}?" + _REQUEST + r"\b|requests?\b)"
)
_SEEK: Final = r"(?:find|locate|see|understand|reach|choose|decide|but|tell|debug|figure|reproduce)\b"
_HELP: Final = (
    r"(?:(?:help|assist|support|aid)(?:ing)?(?: you)?(?: out)?(?: with| on| in)? "
    + _IT
    + r"|(?:help|assist)(?:ing)?(?: you)?"
    r"(?:(?: there| here| further)?" + _STOP + r"| (?:with|in|by) (?:\w+ly )?\w+ing\b"
    r"| (?:to )?(?!you|with|on|in|by|the|my|your|a|" + _SEEK + r")[a-z]+ ))"
)
_TAKE_PART: Final = (
    r"(?:engage|engaging|participate|participating|take part|taking part|partake|be (?:a )?part|contribute)"
    r" (?:with|in|of|to) (?:" + _IT + r"|an? role-?play|role-?play|(?:\w+ ){0,2}?(?:conversation|discussion"
    r"|activit|behavio|content)\w*|anything|any \w+ that)"
)
_FULFIL: Final = (
    r"(?:comply|complying|proceed|continue|go along)(?: with (?:" + _IT + r"|this conversation)|" + _STOP + r")"
    r"|(?:fulfil|fulfill|complete|process|honou?r|accommodate|grant|satisfy|accept|handle|answer|answering|respond to"
    r"|address|act on|entertain|carry out|follow) (?:your|this|that|the|such|these|those)"
    r"(?: an?)? (?:\w+ ){0,1}?" + _REQUEST + r"\b"
    r"|(?:do|doing) (?:that|this|so)" + _STOP
)
_MAKE: Final = (
    r"(?:(?:provid|giv|offer|shar|writ|creat|generat|produc|draft|compos|develop|design|disclos|reveal|discuss"
    r"|describ"
    r"|explain|teach|answer|simulat|depict|reproduc|divulg|continu|impersonat|pretend|rewrit|help|assist)(?:e|ing)?"
    r"|talk(?:ing)? about|tell(?:ing)? you|act(?:ing)? as|giv(?:e|ing) out|respond(?:ing)? to"
    r"|mak(?:e|ing) (?:(?:fun|light) of|(?:\w+ )?(?:jokes?|remarks?|comments?|threats?)))\b"
)
_MATTER: Final = (
    r"(?:any |the |specific |detailed |direct |further |that |this |such |that (?:kind|type|sort) of"
    r" |this (?:kind|type|sort) of )*(?:help|assistance|guidance|instructions?|content|advice on \w+ing)"
)
_DECLINE: Final = (
    r"i(?: must| have to| need to|'ll have to| will have to|(?:'m| am) going to have to|(?:'m| am) (?:also )?"
    r"(?:going|obliged|forced|required) to)(?: respectfully| politely| also)?"
    r" (?:decline|refuse|pass|say no)(?: to (?:this|that|your)\b| on (?:this|that)\b"
    r"|(?: this| that| your| the| such)?(?: \w+)? "
    + _REQUEST
    + r"| (?:this|that|it)(?: one)?"
    + _STOP
    + r"| to "
    + _MAKE
    + r"|"
    + _STOP
    + r")"
    r"|(?:this|that|it) is (?:something|a request) i (?:must|have to|need to) (?:decline|refuse)"
    r"|i respectfully (?:decline|refuse)"
)
_RULES: Final = (
    r"(?:guideline|polic|programming|rules|principle|values|terms|instructions|ethic|scope|what i|boundar|training"
    r"|purpose)"
)
_AGAINST_RULES: Final = (
    r"(?:(?:this|that|your|the|such an?)(?: \w+){0,2}?|it|[a-z]+ing\b[^.!?\n]{1,80}?)"
    r" (?:goes|go|is|violates?|falls?|would (?:go|be|violate)|conflicts?|runs?|appears? to violate)"
    r" (?:against|outside|beyond|in violation of|contrary to|counter to|with|(?:the|my|our|content|usage|safety))\b"
    r"[^.!?\n]{0,30}?\b(?:my|our|content|usage|safety|i'm|i am|what i|openai)\b[^.!?\n]{0,24}?"
    + _RULES
    + r"|(?:this|that|it|your request)(?:'s| is| falls)? (?:outside"
    r"|beyond)(?: of)?(?: the scope of)? what i(?:'m| am| can)\b"
    r"|my (?:\w+ )?" + _RULES + r"\w* (?:don't|do not|doesn't|does not|won't|prevents?|prohibits?|prohibit me"
    r"|forbids?)"
    r"|it(?:'s| is| would be)(?: not)? (?:appropriate|ethical|unethical|irresponsible|inappropriate|wrong"
    r"|illegal|unlawful)"
    r"(?: (?:or|and) \w+)? (?:for|of) me to " + _MAKE
)
_NOT_SOMETHING: Final = (
    r"(?:that|this|it|[a-z]+ing\b[^.!?\n]{1,90}?)(?:'s| is| would be|'d be)?(?: not|n't) (?:something|a request"
    r"|a topic)"
    r" (?:that )?i(?:"
    r"(?:'m| am)(?: \w+)? (?:able|willing|comfortable|allowed|permitted|going|prepared)"
    r"| (?:can|could|will|would|want to)(?: be able to)? (?:help|assist|support|engage|provide|write|discuss|fulfil"
    r"|do" + _STOP + r"))"
)
_SCOPE: Final = (
    r"i can only (?:help|assist|answer|discuss|respond)(?: you)?(?: with| to)? (?:\w+ )?(?:questions|topics|requests"
    r"|matters|queries)\b"
)

REFUSES: Final = (
    rf"{_CANNOT}(?:{_HELP}|{_TAKE_PART}|{_FULFIL}|{_MAKE} (?:\w+ )?{_MATTER}\b)"
    rf"|{_DECLINE}|{_AGAINST_RULES}|{_NOT_SOMETHING}|{_SCOPE}"
)
WITHHOLDS: Final = rf"{_CANNOT}(?:with )?{_MAKE}"
GRAVE: Final = (
    r"\b(?:explosi|weapon|bomb|malware|ransomware|virus\b|exploit|hack|steal|theft|illegal|unlawful|illicit|crim"
    r"|hate|hatred|violen|harm|danger|unsafe|sexual|sexuali|explicit|porn|erotic|nud|minors\b|child|fake|forg|fraud"
    r"|scam|phish|deceiv|decept|mislead|threat|harass|stalk|bully|intimidat|poison|drug|narcotic|controlled"
    r"|kill|murder|suicid|copyright|personal (?:information|data|details)|private|confidential|home address"
    r"|real (?:person|people|politician)|deepfake|offensive|discriminat|stereotyp|racis|derogat|system prompt"
    r"|recreational|insult|slur|impersonat|bypass|circumvent|evad|cheat|plagiari|defam|disinformation"
    r"|misinformation|propaganda|terror|extremis|torture|gore|graphic|unethical|inappropriate|disable|sabotage"
    r"|surveil|spy|without (?:consent|their)|goes? against|guidelines|picking locks|counterfeit|launder"
    r"|blackmail|extort)"
)
PERSONAL: Final = (
    r"\b(?:(?:mon|tues|wednes|thurs|fri|satur|sun)days?|weekend|tonight|tomorrow|today|next (?:week|month|year)"
    r"|definitive|definitively|real-time|(?:legal|medical|financial|tax|investment) advice|text-based|subjective"
    r"|with the (?:given |provided )?information|(?:have|no) access|this (?:week|evening|morning|afternoon"
    r"|month)|until|unless|yet|exact|exactly|precise|precisely|certain"
    r"|certainty|for sure|in one go|in full|without (?:more|further|additional|knowing|seeing|access|the|your)"
    r"|enough|insufficient|unknown|unclear|vague|ambiguous|specifically|depends|varies|make sense|dishes"
    r"|can't help but)\b"
)
_OFFERS: Final = (
    r"(?!i\b|i'|if\b|please\b|feel\b|let\b|happy\b|we\b|perhaps\b|maybe\b|you (?:can|could|may|might)\b|would\b"
    r"|there are\b|thank|as an ai|also\b|rather\b|not\b)"
)
ANSWERS_ANYWAY: Final = (
    rf"\b(?:however|therefore|but),? {_OFFERS}"
    r"|\b(?:here(?:'s| is| are)|below (?:is|are)|the following|as follows|in general,|generally,|in short)\b"
    r"|\bi can (?:tell you (?:that|what)|say|present|\w+ that the|provide (?:you )?(?:with )?(?:some|an?) (?:general"
    r"|overview|analysis|context|text-based|template|example))"
    r"|\b(?:however|but|instead|that said),? i (?:can|could|will|am able to)\b[^\n]*\n+ ?(?!would|is there"
    r"|let me|if you"
    r"|please|how|what|do you|feel free|i hope|can i|could you|are you)\w"
    r"|\b(?:could|can|would) you (?:please )?(?:clarify|rephrase|provide|give|share|tell|specify|paste|upload)\b"
    r"|\bplease (?:clarify|rephrase|provide|specify|paste|upload|share)\b|\bmore context\b"
)
