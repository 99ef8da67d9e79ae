"""The words that the screen for made-up facts knows: which claim nothing, and which tell of a life.

A sentence of grammar, politeness and bargaining alone claims no fact, whoever says it; each of
these words is one that a made-up fact may hide behind. One word of home, family, body, work or
season is enough to claim something.
"""

import re


def stem(word: str) -> str:
    """Cut English endings off, roughly: moved, moves and moving are one."""
    while word.endswith("s") and not word.endswith("ss") and len(word) > 3:
        if word.endswith("ies") and len(word) > 4:
            word = word[:-3] + "y"
        else:
            word = word[:-2] if word.endswith("ses") else word[:-1]
    for ending in ("ing", "ed", "ly"):
        if word.endswith(ending) and len(word) - len(ending) > 2:
            word = word.removesuffix(ending)
            break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "aeiouls":
        word = word[:-1]
    return word.removesuffix("e") if len(word) > 3 else word


def _listed(text: str) -> frozenset[str]:
    return frozenset(text.split())


GRAMMAR = _listed(
    """
    a able about above across after again ago ah all almost along already also although always am
    among an and another any anybody anyone anything are around as at away be because been before
    behind being below beside besides between beyond both but by can cannot could did do does doing
    done down during each either else enough etc even ever every everybody everyone everything few
    first for friendly from further had has have having he hence her here hers herself him himself
    his how however i if in indeed instead into is it its itself just last least less let like many
    may maybe me might mine more most much must my myself near neither never next no nobody none nor
    not nothing now of off often oh ok okay on once one only onto or other others otherwise ought
    our ours ourselves out over per perhaps please quite rather really same second shall she should
    since so some somebody someone something soon still such than that the their theirs them
    themselves then there therefore these they thing things this those though through thus till to
    together too toward towards under unless until up upon us very was we well were what whatever
    when whenever where whether which while who whole whom whose why will with within without would
    yes yet you your yours yourself two three four five six seven eight nine ten twenty hundred
    """
)

_BARGAINING = """
    accept act actual add afford afraid agent agree agreed agreement ai allow amount answer
    appreciate approve ask assistant assume assure authorise authority authorize available back
    bargain begin behalf best bet better bid bidder big bit bottom brief bring buck budget bundle
    buy buyer buying call cancel case cash ceiling cent certain chance change cheap check choice
    choose clear close closer come comfortable confirm consider consideration contract cost count
    counter counteroffer counterpart course current cut deal decent decide decline delighted
    deliver delivery deposit detail difference different difficult direct discount dollar drop end
    exact excellent exchange expect expensive extra fair fast final find fine firm flexible floor
    forward free full gap generous get give glad go going good got great grateful guess half hand
    handover happy hard hear hello hesitate hey hi high hold honest honour honor hope idea
    immediate include information instruct instruction insult interest interested item keep kind
    know late leave leeway limit line list listing little long look lot love low lower lowest luck
    main make manage mandate mark market match maximum mean meet message middle mind minimum
    minute moment money need negotiable negotiate negotiation nice note number offer open option
    pair part particular party pass pay payment person pick piece place pleased pleasure point
    polite position possible post prefer price principal private problem product proceed promise
    proposal propose purchase put question quick quote raise range ready reason reasonable receive
    recommend refuse regards reject reply represent request respect respond response rest result
    right room round rule said sale saw say see seem seen sell seller send serious serve settle
    ship shipping side sign simple sincere slight sold sorry sound speak spend split spoke stand
    start state stay steep step stick stop straight stretch sum sure swap take talk tell term
    thank thanks think thought thrilled throw time today told tonight top total touch trade
    transaction treat true try turn understand unfortunate unit usd useful value view wait walk
    want way welcome wiggle willing wish wonder word work worth write
"""

# Attitudes and manners of speech, with which people and models wrap an offer.
_MANNER = """
    acceptable accommodate accordingly acknowledge adjust advance advise aim align alternative
    anticipate apart apologies apologize appeal appealing apply approach appropriate arrange
    arrangement aspect assess attempt attention attractive avoid aware balance base basis believe
    belong beneficial benefit benchmark bridge brilliant broad capacity care careful carry
    cautious circumstance claim combine comfort commit commitment compare comparable comparison
    compelling compete competitive complete compromise concern concede concession conclude
    condition confidence confident consistent constraint contact context continue convenient
    conversation convince cooperate correct cover create decision define definite delay deliberate
    demand depend describe deserve detail determine directly disappoint disclose discuss
    discussion doubt due eager easy effort elaborate encourage engage enjoy ensure entertain
    entire equal especial essential estimate evaluate eventual evident exceed excited exclude
    expectation explain explore express extend extent face fact factor fail familiar far favor
    favour feature feedback feel felt fit fixed focus follow formal found frank fulfil fulfill
    future gave general genuine gesture given gladly goal goodwill gracious grant guarantee
    guidance halfway handle help helpful hint ideal identify ignore imagine immediate important
    impossible impress improve inclined increase incorporate indicate initial inquire inquiry
    intend intent intention invite involve issue join judge justify justified keen lead lean left
    lend level limited listen locked logistics longer maintain matter maximum measure meaningful
    mention mere merit mistake modest more motivate mutual narrow natural necessary normal notice
    oblige obvious occasion ongoing opinion opportunity order outcome outside overall parameter
    participate patience patient perfect permit personal perspective plain prepare preference
    presence present pressure previous prior priority proper provide prudent push rate reach
    realistic realize realise recall reciprocate reconsider reduce reference reflect refrain
    regard regret regular reiterate relate release relevant reluctant rely remain remark remember
    remind repeat require requirement resolve restrict retain return reveal review reward risk
    role rough satisfied satisfy save scope secure select sense sensible separate set share short
    show significant similar simply sit situation slot solution solve sort spare specific
    speculate spirit standard stage strict strike strong structure subject submit substantial
    suggest suggestion suit suitable summary support suppose surprise target tempt tempting
    tentative terrific thorough thoughtful threshold tie tight track transparent trust truth type
    typical ultimate unable unless unnecessary update urge urgent use user usual valid valuable
    vary version volume warm waste weigh win wise within withdraw wonderful worry worthwhile wrap
    wrong finalise finalize authorised hassle heads overlap reservation tad decline lock chip
"""
BARGAINING = frozenset(map(stem, _listed(_BARGAINING) | _listed(_MANNER)))

LIFE = frozenset(
    map(
        stem,
        _listed(
            """
            aunt baby boy boyfriend bride brother child childhood children colleague cousin dad
            daughter divorce ex family father fiance flatmate friend girl girlfriend godson
            grandfather grandma grandmother grandpa groom guest husband kid mom mother mum
            neighbor neighbour nephew niece parent partner roommate sibling sister son stepson
            teenager toddler twin uncle wedding widow wife apartment attic backyard balcony
            basement bathroom bathtub bedroom cabin condo cottage dorm flat furnish garage garden
            home house household live kitchen landlord lease lodger mortgage neighbourhood porch
            renovate rent shed suburb tenant yard allergic ankle arm birth born broke cancer
            diagnose disease doctor die dead death funeral grew grow health hip hospital hurt ill
            illness injury knee leg medical migraine operation pain pregnant sick sleep surgery
            therapy vegan vegetarian wrist army band boss career chef clerk collector company cook
            designer driver employ engineer farm fired freelance hire job laid lawyer mechanic
            musician nurse office payday pension pilot profession remote retire salary shift shop
            soldier startup studio teacher wage academy class college degree diploma exam graduate
            homework kindergarten professor school semester student study studied taught teach
            thesis tutor university abroad airport beach bike block camp city coast commute
            country county cruise downtown drive drove flew flight fly holiday island journey lake
            mountain road sail street tour town trail train travel trip vacation village
            visit birthday bought christmas church club collect collection concert dream drum gift
            gig hike hobby inherit instrument lesson marathon novel paint practise practice read
            religion ride sew sing ski sport swim team tennis tournament triathlon vinyl wrote
            bird cat dog hamster horse pet puppy vet afternoon ago april august autumn dawn
            december fall february friday january july june march month monday morning november
            october saturday season september spring summer sunday thursday tomorrow tuesday
            wednesday week weekend winter year yesterday bank debt earn insurance lottery poor
            rich tax wallet coffee dinner drink eaten ate lunch restaurant cafe adopt crash drown
            flood fire lost lose married met miss steal stolen storm theft war
            """
        ),
    )
)

# What is said of a thing rather than of its owner.
CONDITION = frozenset(
    map(
        stem,
        _listed(
            """
            age antique battery box brand broken charger clean colour color complete condition
            crack damage dent fault flaw flawless function genuine immaculate intact lightly
            manual mark material mint model new old original packaging perfect pristine quality
            scratch serviced shape size solid stain sturdy used warranty working worn year
            """
        ),
    )
)

# Said of a thing these do claim something, whatever they are worth in bargaining.
PRAISE = frozenset(
    map(
        stem,
        _listed(
            """
            brilliant complete condition excellent genuine perfect terrific valuable wonderful
            work
            """
        ),
    )
)

# A number beside one of these says something of a person or a thing; elsewhere it is an offer.
COUNTED = frozenset(map(stem, _listed("age ago bought budget cash earn left old paid spent year")))

# Whoever says so claims nothing.
UNKNOWING = re.compile(
    r"\b(?:not|never|cannot) (?:really |yet |actually |been )*"
    r"(?:know|say|tell|told|confirm|sure|aware|speak|promise|mention|state|given|disclose|share)"
    r"|\bno (?:idea|information|details|word|note)\b|\bunable to\b|\bnothing (?:about|on)\b"
)
