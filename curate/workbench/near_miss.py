"""Sentences that hold a line of page chrome in plain words: what a rule for the line must leave alone."""

from typing import Final

# Each begins and ends with words of its own, so that it is neither the line nor begins or ends with it.
_SENTENCES: Final = {
    "ar": "كتب أحدهم على لوح الميناء «{}» ولم يعرف أحد السبب.",
    "da": "På tavlen ved kajen havde nogen skrevet »{}«, og ingen vidste hvorfor.",
    "de": "Auf die Tafel am Kai hatte jemand „{}“ geschrieben, und niemand wusste, warum.",
    "en": "On the board by the quay somebody had written “{}”, and nobody knew why.",
    "es": "En la pizarra del muelle alguien había escrito «{}», y nadie sabía por qué.",
    "fr": "Sur le tableau du quai, quelqu’un avait écrit « {} », et personne ne savait pourquoi.",
    "it": "Sulla lavagna del molo qualcuno aveva scritto «{}», e nessuno sapeva perché.",
    "ja": "港の黒板には誰かが「{}」と書いたが、その理由は誰も知らなかった。",
    "ko": "부두의 칠판에 누군가 “{}”라고 적어 두었지만 왜 그랬는지는 아무도 몰랐다.",
    "nl": "Op het bord aan de kade had iemand “{}” geschreven, en niemand wist waarom.",
    "no": "På tavla ved kaia hadde noen skrevet «{}», og ingen visste hvorfor.",
    "pl": "Na tablicy przy nabrzeżu ktoś napisał „{}” i nikt nie wiedział dlaczego.",
    "pt": "No quadro do cais alguém tinha escrito “{}”, e ninguém sabia porquê.",
    "ru": "На доске у причала кто-то написал «{}», и никто не знал зачем.",
    "sv": "På tavlan vid kajen hade någon skrivit ”{}”, och ingen visste varför.",
    "tr": "Rıhtımdaki tahtaya biri “{}” yazmıştı ve nedenini kimse bilmiyordu.",
    "zh": "码头的黑板上有人写着“{}”，可是没有人知道为什么。",
}
LANGUAGES: Final = tuple(sorted(_SENTENCES))


def near_miss(literal: str, language: str, *, whole: bool = True) -> str:
    """A sentence of a language (English for one that is not known here) with a literal in it; not the `whole`: without its last word.

    A rule for parts of lines would rightly hit the literal wherever it stands.
    """
    if not whole:
        shorter = literal.rpartition(" ")[0] or literal[: len(literal) // 2]
        return _SENTENCES.get(language, _SENTENCES["en"]).format(shorter.strip())
    return _SENTENCES.get(language, _SENTENCES["en"]).format(literal)
