"""Names put together from neutral word parts: nobody's, and marked *sample* wherever they are shown."""

from collections.abc import Iterator
from random import Random

FRONT = (
    "Elder",
    "Nor",
    "Sun",
    "Oak",
    "Bright",
    "Iron",
    "Fern",
    "Lark",
    "Stone",
    "West",
    "Amber",
    "Clay",
    "Dove",
    "Heath",
    "Moss",
)
BACK = ("moor", "haven", "mere", "barley", "fen", "wick", "field", "brook", "ridge", "gate", "holt", "crest")
FRONT_ZH = ("桤", "云", "澄", "青", "松", "岭", "禾", "棠", "溪", "岚", "榆", "柏", "泽", "陌", "芷")
BACK_ZH = ("原", "港", "湖", "麦", "泽", "石", "田", "川", "岭", "门", "林", "峰")
TRADES = (
    ("Castings", "铸造"), ("Logistics", "物流"), ("Retail", "零售"), ("Foods", "食品"), ("Media", "传媒"), ("Tools", "工具"),
    ("Textiles", "纺织"), ("Optics", "光学"), ("Clinics", "诊所"), ("Hotels", "酒店"), ("Farms", "农业"), ("Glass", "玻璃"),
    ("Paper", "纸业"), ("Energy", "能源"), ("Tours", "旅游"), ("Software", "软件"), ("Furniture", "家具"), ("Pumps", "泵业"),
)  # fmt: skip
GIVEN = (
    "Ara",
    "Belo",
    "Cori",
    "Dena",
    "Emi",
    "Faro",
    "Gela",
    "Hani",
    "Ilo",
    "Jona",
    "Kira",
    "Lumi",
    "Mira",
    "Nilo",
    "Orla",
    "Pavi",
)
FAMILY = ("Ashvale", "Birchley", "Cedarin", "Dunmere", "Elmsor", "Fernow", "Gorsey", "Hazeley", "Ivydon", "Juniper", "Larchen")
FAMILY_ZH = ("林", "江", "石", "田", "白", "云", "安", "叶", "和", "方", "文")
GIVEN_ZH = (
    "知禾",
    "安木",
    "亦青",
    "予川",
    "言初",
    "思远",
    "若溪",
    "明岚",
    "可心",
    "子墨",
    "清越",
    "一诺",
    "书白",
    "景行",
    "乐言",
    "星野",
)


def company_names(rng: Random) -> Iterator[tuple[str, str, str]]:
    """(key, English name, Chinese name), every one once, in an order of the generator's."""
    pairs = [(f, b, t) for f in range(len(FRONT)) for b in range(len(BACK)) for t in range(len(TRADES))]
    rng.shuffle(pairs)
    seen: set[tuple[int, int]] = set()
    for front, back, trade in pairs:
        if (front, back) not in seen:
            seen.add((front, back))
            english, chinese = TRADES[trade]
            stem = FRONT[front] + BACK[back]
            yield f"{stem}-{english}".lower(), f"{stem} {english} (sample)", f"{FRONT_ZH[front]}{BACK_ZH[back]}{chinese}（示例）"


def person_name(rng: Random, *, chinese: bool) -> str:
    """A name for one person."""
    if chinese:
        return rng.choice(FAMILY_ZH) + rng.choice(GIVEN_ZH)
    return f"{rng.choice(GIVEN)} {rng.choice(FAMILY)}"
