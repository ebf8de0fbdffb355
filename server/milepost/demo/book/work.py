"""Whom the sample CSMs talk to at each account, and the talks they had: drawn once, the same for the same seed."""

from dataclasses import dataclass
from random import Random

from milepost.demo.book.accounts import HISTORY_DAYS, Account
from milepost.demo.book.names import person_name
from milepost.demo.book.stories import CASTINGS, MEDIA

ROLES = {
    "en": ("Head of HR", "HR administrator", "Project lead", "Payroll manager"),
    "zh": ("人力资源总监", "HR 管理员", "项目负责人", "薪酬经理"),
}
NOTES: dict[str, tuple[tuple[str, str, str], ...]] = {
    "en": (
        ("call", "went_well", "Walked through leave approval together; two managers will try it this week."),
        ("meeting", "went_well", "Quarterly talk. They like the roster view and asked how others plan shifts."),
        ("mail", "neutral", "Sent the steps for attendance corrections and the short guide."),
        ("call", "concern", "Managers still approve leave by mail; nobody told them about approvals."),
        ("call", "not_reached", "No answer, left a message."),
        ("message", "neutral", "Asked who will take over the administration during the holidays."),
        ("meeting", "concern", "The finance team doubts the price before renewal; wants figures on hours saved."),
        ("visit", "went_well", "Half a day on site with three team leads; rosters are now published on Fridays."),
        ("note", "neutral", "Reorganisation announced; our contacts stay."),
    ),
    "zh": (
        ("call", "went_well", "一起走了一遍请假审批，两位经理本周开始使用。"),
        ("meeting", "went_well", "季度沟通。对排班视图满意，想了解其他客户如何排班。"),
        ("mail", "neutral", "已发送考勤更正的步骤和简短引导。"),
        ("call", "concern", "经理仍用邮件批假，没有人告诉他们可以在线审批。"),
        ("call", "not_reached", "无人接听，已留言。"),
        ("message", "neutral", "询问假期期间由谁负责管理后台。"),
        ("meeting", "concern", "财务部在续约前对价格有疑问，希望看到节省的工时。"),
        ("visit", "went_well", "现场半天，与三位组长一起，排班改为每周五发布。"),
        ("note", "neutral", "对方宣布组织调整，我们的联系人不变。"),
    ),
}
NEXT = {
    "en": ("Send the guide for managers", "Book the quarterly talk", "Call the payroll manager", "Send figures on hours saved"),
    "zh": ("发送面向经理的引导", "预约季度沟通", "致电薪酬经理", "发送节省工时的数据"),
}


@dataclass(frozen=True)
class SampleContact:
    """Someone to talk to; `left_on` is a day number."""

    id: str
    name: str
    role: str
    email: str
    phone: str
    sponsor: bool
    champion: bool
    left_on: int | None


@dataclass(frozen=True)
class SampleTouch:
    """A talk on a day; `next_on` is a day number, with words when set."""

    id: str
    day: int
    contact: str
    kind: str
    outcome: str
    minutes: int | None
    note: str
    next_step: str
    next_on: int | None


def language_of(account: Account) -> str:
    """zh where the account's people have Chinese names."""
    return "zh" if account.people and not account.people[0].name.isascii() else "en"


def contacts_of(account: Account, anchor: int, seed: int) -> tuple[SampleContact, ...]:
    """Two to four; the first decides. In the media firm the sponsor has left, which nobody there has replaced."""
    rng, language = Random(f"contacts:{seed}:{account.key}"), language_of(account)
    found = []
    for i in range(rng.randint(2, 4)):
        left_on = anchor - 21 if account.key == MEDIA and i == 0 else None
        found.append(
            SampleContact(
                f"sample-{account.key}-{i}", person_name(rng, chinese=language == "zh"), ROLES[language][i],
                f"contact{i + 1}@{account.key}.example", f"+00 555 {rng.randint(1000, 9999)}", i == 0,
                i == 1 and rng.random() < 0.6, left_on,
            )
        )  # fmt: skip
    return tuple(found)


def touches_of(account: Account, anchor: int, seed: int) -> tuple[SampleTouch, ...]:
    """One to seven in half a year, more often where an account is large; the castings were last reached 46 days ago."""
    rng, language = Random(f"touches:{seed}:{account.key}"), language_of(account)
    contacts = contacts_of(account, anchor, seed)
    last = min(account.ended_on or anchor, anchor) - 1
    first = max(account.started_on, anchor - HISTORY_DAYS + 1)
    n = max(0, min(7, round((last - first) / rng.uniform(24, 70))))
    days = sorted({rng.randint(first, last) for _ in range(n)})
    if account.key == CASTINGS:
        days = [anchor - 118, anchor - 82, anchor - 46]
    found = []
    for i, day in enumerate(days):
        kind, outcome, note = rng.choice(NOTES[language])
        if account.key == CASTINGS and i == len(days) - 1:
            kind, outcome, note = NOTES[language][3]
        newest = i == len(days) - 1 and account.ended_on is None and outcome != "not_reached" and rng.random() < 0.7
        next_on = max(day + 1, anchor + rng.randint(-5, 20)) if newest else None
        found.append(
            SampleTouch(
                f"sample-{account.key}-{i}", day, rng.choice(contacts).id, kind, outcome,
                rng.choice((10, 15, 20, 30, 45, 60)) if kind in {"call", "meeting", "visit"} else None, note,
                rng.choice(NEXT[language]) if newest else "", next_on,
            )
        )  # fmt: skip
    return tuple(found)
