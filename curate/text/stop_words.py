"""The stop words of a language: its most frequent words, which sentences are full of and menus are not.

The lists are the hundred that jusText (Pomikálek 2011) ships; by the look of them they were made from Wikipedias. Their lengths
go from ten words (Cebuano) to thirteen thousand (Korean), so a share of stop words says little across languages. They hold
word forms as they stand in running text. Here they are folded as pages are, to be looked up in folded text.
"""

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from curate.text.folding import fold_lines

# jusText's names of its lists by BCP 47 tag. Norwegian in general has both of its written standards, as curate's
# tags do not tell them apart. Panjabi (pa) has none: the list of Western Panjabi is in another script.
LISTS: Final[dict[str, tuple[str, ...]]] = {
    "af": ("Afrikaans",),
    "an": ("Aragonese",),
    "ar": ("Arabic",),
    "ast": ("Asturian",),
    "az": ("Azerbaijani",),
    "be": ("Belarusian",),
    "be-tarask": ("Belarusian_Taraskievica",),
    "bg": ("Bulgarian",),
    "bn": ("Bengali",),
    "bpy": ("Bishnupriya_Manipuri",),
    "br": ("Breton",),
    "bs": ("Bosnian",),
    "ca": ("Catalan",),
    "ceb": ("Cebuano",),
    "cs": ("Czech",),
    "cv": ("Chuvash",),
    "cy": ("Welsh",),
    "da": ("Danish",),
    "de": ("German",),
    "el": ("Greek",),
    "en": ("English",),
    "en-simple": ("Simple_English",),
    "eo": ("Esperanto",),
    "es": ("Spanish",),
    "et": ("Estonian",),
    "eu": ("Basque",),
    "fa": ("Persian",),
    "fi": ("Finnish",),
    "fil": ("Tagalog",),
    "fr": ("French",),
    "fy": ("West_Frisian",),
    "ga": ("Irish",),
    "gl": ("Galician",),
    "gu": ("Gujarati",),
    "he": ("Hebrew",),
    "hi": ("Hindi",),
    "hr": ("Croatian",),
    "ht": ("Haitian",),
    "hu": ("Hungarian",),
    "hy": ("Armenian",),
    "id": ("Indonesian",),
    "ig": ("Igbo",),
    "io": ("Ido",),
    "is": ("Icelandic",),
    "it": ("Italian",),
    "jv": ("Javanese",),
    "ka": ("Georgian",),
    "kk": ("Kazakh",),
    "kn": ("Kannada",),
    "ko": ("Korean",),
    "ku": ("Kurdish",),
    "ky": ("Kyrgyz",),
    "la": ("Latin",),
    "lb": ("Luxembourgish",),
    "lmo": ("Lombard",),
    "lt": ("Lithuanian",),
    "lv": ("Latvian",),
    "mk": ("Macedonian",),
    "ml": ("Malayalam",),
    "mr": ("Marathi",),
    "ms": ("Malay",),
    "mt": ("Maltese",),
    "nap": ("Neapolitan",),
    "nb": ("Norwegian_Bokmal",),
    "nds": ("Low_Saxon",),
    "ne": ("Nepali",),
    "new": ("Newar",),
    "nl": ("Dutch",),
    "nn": ("Norwegian_Nynorsk",),
    "no": ("Norwegian_Bokmal", "Norwegian_Nynorsk"),
    "oc": ("Occitan",),
    "pl": ("Polish",),
    "pms": ("Piedmontese",),
    "pnb": ("Western_Panjabi",),
    "pt": ("Portuguese",),
    "qu": ("Quechua",),
    "ro": ("Romanian",),
    "ru": ("Russian",),
    "rup": ("Aromanian",),
    "scn": ("Sicilian",),
    "sgs": ("Samogitian",),
    "sh": ("Serbo_Croatian",),
    "sk": ("Slovak",),
    "sl": ("Slovenian",),
    "sq": ("Albanian",),
    "sr": ("Serbian",),
    "su": ("Sundanese",),
    "sv": ("Swedish",),
    "sw": ("Swahili",),
    "ta": ("Tamil",),
    "te": ("Telugu",),
    "tk": ("Turkmen",),
    "tl": ("Tagalog",),
    "tr": ("Turkish",),
    "uk": ("Ukrainian",),
    "ur": ("Urdu",),
    "uz": ("Uzbek",),
    "vi": ("Vietnamese",),
    "vo": ("Volapuk",),
    "wa": ("Walloon",),
    "war": ("Waray_Waray",),
    "yo": ("Yoruba",),
}


@cache
def stop_words(lang: str) -> frozenset[str]:
    """The stop words of a BCP 47 tag, or else of the tag without its last parts: `de-AT` has those of `de`.

    Empty where there is no list, as for "" and "und".
    """
    tag = lang.lower()
    while tag and tag not in LISTS:
        tag = tag.rpartition("-")[0]
    # A word that folding breaks in two could not be found: the Greek list has two, of a letter and an accent of its own.
    return frozenset(word for name in LISTS.get(tag, ()) for word in _listed(name) if word and " " not in word)


def _listed(name: str) -> list[str]:
    """A list's words, folded."""
    spec = find_spec("justext")  # where its files are; importing it would load lxml
    assert spec is not None, "a dependency is installed"
    assert spec.origin is not None, "jusText is a package of files"
    return fold_lines((Path(spec.origin).parent / "stoplists" / f"{name}.txt").read_text(encoding="utf-8").splitlines())
