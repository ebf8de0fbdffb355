"""Six accounts with a story and a fixed key; their figures are exact on the day the demo is first started."""

from collections.abc import Iterable
from random import Random

from milepost.demo.book.accounts import Account, Ticket, Use, features_of, make_people

CASTINGS, LOGISTICS, RETAILER = "eldermoor-castings", "norhaven-logistics", "sunmere-retail"
FOODS, MEDIA, TOOLS = "oakbarley-foods", "brightfen-media", "ironwick-tools"
TURN_DAYS = 29  # the media firm turned that many days before the anchor


def make_stories(seed: int, anchor: int) -> list[Account]:
    """In the order of the script."""
    makers = (castings, logistics, retailer, foods, media, tools)
    return [make(Random(f"story:{seed}:{make.__name__}"), anchor) for make in makers]


def castings(rng: Random, anchor: int) -> Account:
    """Tier A, renews in 41 days: 9 of 50 people, 3 of 31 features, 5 complaints. Nobody ever approved leave in it."""
    return Account(
        key=CASTINGS, name="Eldermoor Castings (sample)", name_zh="桤原铸造（示例）", plan="pro", tier="A", arr=96_000,
        employees=50, seats=45, started_on=anchor - 689, renewal_on=anchor + 41, ended_on=None, csm=0,
        people=make_people(CASTINGS, 30, rng), uses=on_beat({"leave_request": 0, "roster_view": 0, "attendance_view": 0}),
        active=((0, 9.0),), exact=True, terminals=False,
        tickets=complaints(CASTINGS, anchor, (26, 19, 12, 6, 3)), nps=answers(anchor, (3, 5, 6, 2)),
    )  # fmt: skip


def logistics(rng: Random, anchor: int) -> Account:
    """Day 14 and not activated: they ask for leave, and nobody approves it."""
    return Account(
        key=LOGISTICS, name="Norhaven Logistics (sample)", name_zh="云港物流（示例）", plan="pro", tier="B", arr=41_000,
        employees=34, seats=30, started_on=anchor - 14, renewal_on=anchor + 351, ended_on=None, csm=1,
        people=make_people(LOGISTICS, 20, rng, chinese=True), uses=on_beat({"leave_request": 0, "people_directory": 1}),
        active=((0, 6.0),), exact=True, terminals=False,
        tickets=(Ticket(f"T-{LOGISTICS}-0", "question", anchor - 5, anchor - 4),),
    )  # fmt: skip


def retailer(rng: Random, anchor: int) -> Account:
    """9,400 of 10,000 leads used: about to hit the limit of the plan."""
    uses = {"leave_request": 0, "leave_approve": 0, "roster_view": 0, "leads_list": 0, "people_directory": 1, "report_basic": 1}
    return Account(
        key=RETAILER, name="Sunmere Retail (sample)", name_zh="澄湖零售（示例）", plan="basic", tier="B", arr=38_000,
        employees=44, seats=40, started_on=anchor - 420, renewal_on=anchor + 128, ended_on=None, csm=2,
        people=make_people(RETAILER, 26, rng), uses=on_beat(uses), active=((0, 17.0),), exact=True,
        nps=answers(anchor, (8, 9, 7)), traits={"leads_used": 9400, "leads_limit": 10_000},
    )  # fmt: skip


def foods(rng: Random, anchor: int) -> Account:
    """24 of 31 features in use: the account to learn from."""
    unused = {"leave_policy", "roster_templates", "attendance_overtime", "report_schedule", "people_documents", "leads_import",
              "settings_integrations"}  # fmt: skip
    beats = {key: i % 3 for i, key in enumerate(features_of("pro")) if key not in unused}
    beats |= dict.fromkeys(("leave_request", "leave_approve", "roster_view", "attendance_view", "roster_edit"), 0)
    return Account(
        key=FOODS, name="Oakbarley Foods (sample)", name_zh="青麦食品（示例）", plan="pro", tier="A", arr=118_000,
        employees=60, seats=58, started_on=anchor - 903, renewal_on=anchor + 210, ended_on=None, csm=3,
        people=make_people(FOODS, 48, rng, chinese=True), uses=on_beat(beats), active=((0, 31.0),), exact=True, terminals=False,
        nps=answers(anchor, (9, 10, 9, 8, 10)),
    )  # fmt: skip


def media(rng: Random, anchor: int) -> Account:
    """Fallen from 71 to 52 in a month: fewer people came, approvals stopped, complaints began."""
    turn = anchor - TURN_DAYS
    lasting = {"leave_request": 0, "roster_view": 0, "attendance_view": 0, "leave_balance": 1, "leads_list": 1,
               "report_share": 2, "settings_notifications": 2, "leave_calendar": 2}  # fmt: skip
    return Account(
        key=MEDIA, name="Brightfen Media (sample)", name_zh="澄泽传媒（示例）", plan="pro", tier="B", arr=57_000,
        employees=50, seats=44, started_on=anchor - 517, renewal_on=anchor + 76, ended_on=None, csm=4,
        people=make_people(MEDIA, 34, rng),
        uses=on_beat(lasting) + on_beat({"leave_approve": 0}, until=turn - 1), active=((0, 19.0), (turn, 14.0)), exact=True,
        terminals=False, tickets=complaints(MEDIA, anchor, (18, 13, 9, 4)), nps=answers(anchor, (9, 3, 5, 4, 7), days_ago=95),
    )  # fmt: skip


def tools(rng: Random, anchor: int) -> Account:
    """Looked green to the end, and left: use alone does not tell everything."""
    beats = dict.fromkeys(("leave_request", "leave_approve", "roster_view", "attendance_view", "roster_edit"), 0)
    beats |= dict.fromkeys(("report_basic", "people_directory", "attendance_correct", "roster_publish", "leave_balance"), 1)
    beats |= dict.fromkeys(("leave_calendar", "leads_list", "people_profile", "advanced_report"), 2)
    return Account(
        key=TOOLS, name="Ironwick Tools (sample)", name_zh="岭石工具（示例）", plan="pro", tier="A", arr=88_000,
        employees=48, seats=44, started_on=anchor - 739, renewal_on=anchor - 9, ended_on=anchor - 9, csm=5,
        people=make_people(TOOLS, 36, rng), uses=on_beat(beats), active=((0, 25.0),), exact=True,
        nps=answers(anchor, (8, 9, 9, 7)),
    )  # fmt: skip


def on_beat(beats: dict[str, int], until: int = 1 << 30) -> tuple[Use, ...]:
    """Uses by a fixed beat in weeks, 0 for every business day."""
    return tuple(Use(key, weeks=weeks, until=until) for key, weeks in beats.items())


def complaints(key: str, anchor: int, days_ago: Iterable[int]) -> tuple[Ticket, ...]:
    """One complaint for each number of days before the anchor."""
    return tuple(Ticket(f"T-{key}-{i}", "complaint", anchor - d, anchor - d + 2) for i, d in enumerate(days_ago))


def answers(anchor: int, values: Iterable[int], days_ago: int = 40) -> tuple[tuple[int, int], ...]:
    """NPS answers, given so many days and more before the anchor."""
    return tuple((anchor - days_ago - 9 * i, value) for i, value in enumerate(values))
