"""Numbers, dates and times as people of each language read them; the filters of the templates.

English: "22 %", "19 Nov 2026". Chinese: "22%", "2026 年 11 月 19 日". Real minus signs, no-break spaces, null is "–".
"""

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

EPOCH = date(1970, 1, 1)
NB = "\u00a0"
NOTHING = "–"
DAY_MS = 86_400_000


def score_shown(value: float, decimals: int) -> float:
    """Rounded; just under a multiple of five, where a band's line may lie, cut after one decimal instead."""
    shown = round(value, decimals)
    return shown if shown % 5 or value >= shown else math.floor(value * 10) / 10


@dataclass(frozen=True)
class Figures:
    """Everything that needs language, time zone and now; built once per page."""

    locale: str
    zone: str
    now_ms: int

    @property
    def is_chinese(self) -> bool:
        """Whether the page is Chinese."""
        return self.locale.startswith("zh")

    def number(self, value: float | int | None, decimals: int = 0) -> str:
        """1,180 · −4.5 · – for null; what rounds to nothing has no sign."""
        if value is None:
            return NOTHING
        shown = f"{value:,.{decimals}f}"
        return shown.lstrip("-") if not shown.strip("-0.,") else shown.replace("-", "−")

    def score(self, value: float | None, decimals: int = 0) -> str:
        """A health score, whole unless asked otherwise; just under a line, 49.6 doesn't read as 50."""
        if value is None:
            return NOTHING
        shown = score_shown(value, decimals)
        return self.number(shown, 1 if shown != round(shown) else decimals)

    def percent(self, share: float | None, decimals: int = 0) -> str:
        """A share 0–1 as "22 %"."""
        if share is None:
            return NOTHING
        return f"{self.number(share * 100, decimals)}{'' if self.is_chinese else NB}%"

    def of(self, part: int | None, whole: int | None) -> str:
        """ "4 of 31", in Chinese "4 / 31"."""
        if part is None or whole is None:
            return NOTHING
        middle = "/" if self.is_chinese else "of"
        return f"{self.number(part)}{NB}{middle}{NB}{self.number(whole)}"

    def signed(self, value: float | None, decimals: int = 0) -> str:
        """+3 · −17 · 0."""
        if value is None:
            return NOTHING
        shown = self.number(value, decimals)
        return f"+{shown}" if value > 0 and shown.strip("0.,") else shown

    def money(self, value: float | None, currency: str = "$") -> str:
        """In full: $184,000."""
        return NOTHING if value is None else f"{'−' if value < 0 else ''}{currency}{abs(value):,.0f}"

    def day(self, value: int | date | None, *, with_year: bool | None = None) -> str:
        """A day number or date; this year's past days drop the year."""
        if value is None:
            return NOTHING
        shown = value if isinstance(value, date) else EPOCH + timedelta(days=value)
        today = self._local(self.now_ms).date()
        year = with_year if with_year is not None else shown.year != today.year or shown > today
        if self.is_chinese:
            text = f"{shown.month}{NB}月{NB}{shown.day}{NB}日"
            return f"{shown.year}{NB}年{NB}{text}" if year else text
        text = f"{shown.day}{NB}{shown:%b}"
        return f"{text}{NB}{shown.year}" if year else text

    def iso_as_day(self, text: str) -> str:
        """2026-10-29 as people read a day."""
        return self.day(date.fromisoformat(text))

    def instant(self, value: int | None) -> str:
        """Milliseconds as day and time, 24 hours, in the environment's zone."""
        if value is None:
            return NOTHING
        local = self._local(value)
        return f"{self.day(local.date())}{NB}{local:%H:%M}" if self.is_chinese else f"{self.day(local.date())}, {local:%H:%M}"

    def clock(self, value: int) -> str:
        """Milliseconds as 14:28."""
        return f"{self._local(value):%H:%M}"

    def ago(self, value: int | None) -> str:
        """ "5 min ago", "today"… up to 30 days, then the day."""
        if value is None:
            return NOTHING
        past_s = max(0, self.now_ms - value) // 1000
        days = (self._local(self.now_ms).date() - self._local(value).date()).days
        if past_s < 3600:
            n = past_s // 60
            if n < 1:
                return "刚刚" if self.is_chinese else "just now"
            return f"{n}{NB}分钟前" if self.is_chinese else f"{n}{NB}min ago"
        if days == 0:
            return f"今天{NB}{self.clock(value)}" if self.is_chinese else f"today, {self.clock(value)}"
        return self.days_ago(days, self._local(value).date())

    def days_ago(self, days: int, then: date | int) -> str:
        """ "today", "yesterday", "3 days ago" up to 30 days, then the day itself."""
        if days <= 0:
            return "今天" if self.is_chinese else "today"
        if days == 1:
            return "昨天" if self.is_chinese else "yesterday"
        if days <= 30:
            return f"{days}{NB}天前" if self.is_chinese else f"{days} days ago"
        return self.day(then)

    def iso(self, value: int) -> str:
        """For `<time datetime>`."""
        return datetime.fromtimestamp(value / 1000, UTC).isoformat(timespec="seconds")

    def iso_day(self, value: int) -> str:
        """A day number for `<time datetime>`."""
        return (EPOCH + timedelta(days=value)).isoformat()

    def _local(self, value: int) -> datetime:
        return datetime.fromtimestamp(value / 1000, ZoneInfo(self.zone))
