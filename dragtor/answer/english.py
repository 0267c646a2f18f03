"""English words that tell how a question hangs together: closed classes, and nouns that lean."""

from __future__ import annotations

from dragtor.text import STOP_WORDS


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


DETERMINERS = _words("a an the")
POSSESSIVES = _words("my your our his her its their")
AUXILIARIES = _words(
    """am are be been being can could did do does had has have is may might must shall should was
    were will would isn't aren't wasn't weren't don't doesn't didn't can't couldn't won't wouldn't
    shouldn't hasn't haven't hadn't"""
)
GENERIC = _words(
    """additional average basic best biggest certain common current different early effective famous
    few general good great health important key large largest latest long main major many modern
    most natural new old original other overall positive possible potential primary recent related
    safety serious short side significant similar special specific term top traditional typical
    unique various visible worst negative popular first second third next last real big small
    historical long-term short-term necessary proper right successful interesting cheap
    expensive two three four five both"""
)
"""Adjectives that do not make a noun say more of what it belongs to."""
VERB_FOLLOWS = _words("do does did can could may might must shall should will would don't doesn't")
"""Auxiliaries after whose subject a verb comes."""
QUESTION_WORDS = _words("what when where which who whom whose why how what's who's where's how's")

FUNCTION_WORDS = (
    STOP_WORDS
    | AUXILIARIES
    | QUESTION_WORDS
    | POSSESSIVES
    | _words(
        """across along alongside already also although always among another anybody anyone anything
        anyway apart around away back behind beside besides beyond compared concerning despite else
        enough especially even ever everyone everything except first her hers here's hmm i'd i'll
        i'm i've inside instead its it's later least less let let's like likely lot lots many may
        maybe might mine much must near nearby never next nobody none nothing now oh ok okay
        often one ones onto outside over perhaps please quite rather really regarding second
        shall sometimes somebody someone something soon still than ohh thank thanks that's there's
        they're third throughout today together tomorrow toward towards unless unlike upon us
        usually via we're what's whether whose within without yes yesterday yet you're yours
        versus vs ah ahh cool general hey hi hello hmm huh instead interesting mmm nice no oh
        particular sorry sure welcome wow yeah yep tell say show give describe explain compare
        expand"""
    )
)
"""What no noun phrase begins or ends with."""

VERBS = _words(
    """accept achieve add adopt affect afford agree allow appear apply arise ask avoid become begin
    believe belong bring build buy call came carry catch celebrate choose come compare conduct
    connect consider contain continue contribute create cure deal decide deliver describe destroy
    determine develop die differ discover discuss do eat eliminate employ enable encourage ensure
    enter establish evolve exist expect explain feel fit find fix follow found gave get give go
    govern grow had happen hear heal hold hurt improve include increase indicate influence
    interact invent involve jump keep kill know last learn leave let lie live lose made
    maintain make manage mean meet need obtain occur offer opt originate own pay perform 
    prefer prevent produce promote protect prove provide put raise reach read recommend reduce
    refer relate relieve rely remain remember remove repair replace represent require resolve run
    said save say see seem sell serve set shift show sleep solve speak spend spoil spread start stay
    stop suggest survive take talk tape taste teach tell think treat try understand
    wait want watch wear weigh wonder write
    began bought brought built chose fell felt found gave got grew heard held kept knew known led
    left lost meant met paid ran saw seen sold spent spoke taken taught thought told took went won
    wore written wrote gone done born eaten driven chosen grown drawn worn broken stolen"""
)
"""Verbs by their base form; see :func:`is_verb` for the others."""

NOUNS_OR_VERBS = _words(
    """attract catch cause causes change charge cook cost dance drink end exercise fight fly form
    function hunt hurt impact influence love model name plan play power process record repair rest
    rise sell share smell smoke sound spread start study swim test trade travel treat
    use visit vote walk win lead train support look help work"""
)
"""Words that are verbs where a verb is due."""

LEANING = _words(
    """ability access accident accuracy activity advantage affordable age aim alternative amount
    answer application approach area argument article aspect author average background basics
    behavior behaviour belief benefit brand budget business capital category cause center
    challenge chance change character characteristic chemical cities citizen city color
    comparison competitor complication component con concern conclusion condition consequence
    controversy cost country course criteria culture cure damage danger data date deal debate
    definition design detail diagnosis difference difficulty disadvantage discovery
    discussion disease doctor dosage dose downside drawback duration duty economy effect
    effectiveness efficacy element end event evidence evolution example exercise expense
    experience expert explanation extent fact factor fan feature fee field food form founder
    frequency function fund future goal grade group growth guideline habitat health history idea
    impact implication importance important improvement information ingredient instrument
    invention issue item job kind language law length lesson level library life limit
    limitation list location look main maker material meaning measure mechanism medication
    medicine member method model money movement music name need news number objective
    occasion opinion option order origin other outcome outlook owner part participant pattern
    people percentage period person phase place plan player point policy popularity
    population position possibility price principle pro problem procedure process product
    prognosis program project property purpose quality question range rate rating reaction
    reason recipe recommendation recovery reference region regulation relation relationship
    relevance remedy replacement requirement research result review risk role rule safety
    salary schedule season section sequence setting severity shape sign significance
    similarity site situation size skill solution sort source species spot stage standard
    start state statistics status step stop store story strategy strength structure study
    style success successful suggestion summary support surgery symptom system target taste
    team technique temperature term test therapy thing threat time timeline timing tip tool
    topic tradition trait treatment trend type upside usage use user value variation variety
    version victim view war warning way weakness weather website weight work worker year"""
)
"""Nouns that say little alone: "the symptoms", of what?"""

RELATIONAL = _words(
    """advantage aftereffect alternative application aspect benefit cause challenge characteristic
    complication component con consequence contraindication cost criteria cure definition diagnosis
    difference difficulty dosage dose downside drawback disadvantage duration effect effectiveness
    efficacy evidence example exception explanation factor feature founder function impact
    implication importance indication ingredient limitation meaning mechanism origin outcome
    outlook penalty population prevention price pro prognosis purpose reason
    recovery rehab rehabilitation relevance remedy result risk role severity sign significance stage
    surgery symptom therapy timeline treatment type upside usage use
    warning"""
)
"""Nouns of what belongs to something else, and is asked for as such; those of
``LEANING`` may well be meant as they stand ("the weather")."""
CARE = _words("cure recovery rehab rehabilitation remedy surgery therapy treatment")
"""Those of them that are for or from something, and need no article to be somebody's."""

EVALUATIVE = _words(
    """true false safe unsafe possible impossible necessary unnecessary better best okay ok fine
    normal common uncommon rare usual unusual typical good bad great wise smart sensible reasonable
    advisable recommended important essential crucial vital hard easy difficult simple worth
    worthwhile legal illegal healthy unhealthy dangerous risky harmful useful helpful enough right
    wrong acceptable appropriate feasible realistic required mandatory customary rude weird strange
    bad expensive cheap cheaper easier harder safer worse faster ethical moral correct natural
    beneficial permitted allowed"""
)
"""What "it is … to", "it is … that" begin with: there "it" stands for nothing before."""


PREDICATES = EVALUATIVE | _words(
    """able afraid alive allergic available bad big common contagious cool curable dead different
    effective expensive fair famous fast free full healthier healthiest hot interesting involved
    known large likely many more most much native new old open out popular profitable ready related
    reliable responsible safest same serious short significant similar small strong successful
    sustainable treatable true typical unique unusual visible worried"""
)
"""Adjectives that end a phrase where no noun follows."""


def is_verb(word: str) -> bool:
    """Whether a word, in lower case, is a form of a verb known here.

    >>> is_verb("affects"), is_verb("stopped"), is_verb("pulley")
    (True, True, False)
    """
    return any(base in VERBS for base in _bases(word))


def is_leaning(word: str) -> bool:
    """Whether a noun, in lower case, singular or plural, says little alone.

    >>> is_leaning("symptoms"), is_leaning("stories"), is_leaning("pulleys")
    (True, True, False)
    """
    return bool({word, singular(word)} & (LEANING | RELATIONAL))


def is_relational(word: str) -> bool:
    """Whether a noun, in lower case, is of what belongs to something else.

    >>> is_relational("symptoms"), is_relational("weather")
    (True, False)
    """
    return word in RELATIONAL or singular(word) in RELATIONAL


def singular(word: str) -> str:
    """The singular of a noun, by its ending.

    >>> singular("pulleys"), singular("injuries"), singular("diagnosis"), singular("boxes")
    ('pulley', 'injury', 'diagnosis', 'box')
    """
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("xes", "shes", "ches", "sses", "zes")):
        return word[:-2]
    return word[:-1] if is_plural(word) else word


def plural(word: str) -> str:
    """The plural of a noun, by its ending; a plural stays as it is.

    >>> plural("pulley"), plural("injury"), plural("box"), plural("cats")
    ('pulleys', 'injuries', 'boxes', 'cats')
    """
    lower = word.lower()
    if is_plural(lower) or lower in _PLURALS:
        return word
    if lower.endswith("y") and lower[-2:-1] not in "aeiou":
        return word[:-1] + "ies"
    return word + ("es" if lower.endswith(("s", "x", "z", "ch", "sh")) else "s")


def is_plural(word: str) -> bool:
    """Whether a noun, in lower case, looks like a plural."""
    if word in _PLURALS:
        return True
    return (
        len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is", "'s", "’s"))
    )


_PLURALS = _words("people children men women mice teeth feet police cattle data media criteria")


def _bases(word: str) -> set[str]:
    """What a word may be a form of: as it is, without -s, -ed, -ing."""
    found = {word}
    for ending in ("s", "es", "ed", "d", "ing"):
        if word.endswith(ending) and len(word) > len(ending) + 2:
            stem = word.removesuffix(ending)
            found |= {stem, stem + "e"}
            if len(stem) > 3 and stem[-1] == stem[-2]:
                found.add(stem[:-1])
    if word.endswith("ied"):
        found.add(word[:-3] + "y")
    return found
