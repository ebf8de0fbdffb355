"""What a part of a score says, in English and Chinese."""

from milepost.wire.health import If, Measure, SignalSpec, SignalValue

Both = dict[str, str]

NAMES: dict[str, Both] = {
    "coverage": {"en": "Coverage", "zh-CN": "功能覆盖率（已授权）"},
    "usage_rate": {"en": "Feature usage rate", "zh-CN": "功能使用率"},
    "core_coverage": {"en": "Core coverage", "zh-CN": "核心功能使用率"},
    "active_share": {"en": "Daily active share", "zh-CN": "日活跃占比"},
    "feature_users": {"en": "People who used the feature", "zh-CN": "使用该功能的人数"},
    "ticket_count": {"en": "Tickets", "zh-CN": "工单"},
    "nps": {"en": "NPS", "zh-CN": "NPS"},
    "csat": {"en": "CSAT", "zh-CN": "CSAT"},
    "seat_use": {"en": "Seat use", "zh-CN": "席位使用率"},
    "days_since_last_use": {"en": "Days since last use", "zh-CN": "距上次使用天数"},
    "days_to_renewal": {"en": "Days to renewal", "zh-CN": "距续约天数"},
    "arr": {"en": "ARR", "zh-CN": "ARR"},
    "trait": {"en": "Trait", "zh-CN": "属性"},
}
SHARES = {"coverage", "usage_rate", "core_coverage", "active_share", "seat_use"}


def name_of(spec: SignalSpec) -> Both:
    """What the signal is called; complaints and named features say so."""
    if spec.metric == "ticket_count" and spec.category == "complaint":
        return {"en": "Complaints", "zh-CN": "投诉"}
    if spec.metric == "feature_users" and spec.feature:
        return {"en": f"People using {spec.feature}", "zh-CN": f"使用 {spec.feature} 的人数"}
    if spec.metric == "trait" and spec.trait:
        return {"en": spec.trait, "zh-CN": spec.trait}
    return NAMES[spec.metric]


def format_number(spec: SignalSpec, number: float) -> Both:
    """One number in the signal's unit: shares as per cent, the rest plain."""
    if spec.metric in SHARES:
        percent = f"{number * 100:.3g}"
        return {"en": f"{percent}\u00a0%", "zh-CN": f"{percent}%"}
    plain = f"{number:,.10g}".replace("-", "−")
    return {"en": plain, "zh-CN": plain}


def format_value(spec: SignalSpec, value: SignalValue) -> Both:
    """The value with its ground: `4 of 31`, `22 % of 140 people`, `5`."""
    if value.value is None:
        return {"en": "unknown", "zh-CN": "未知"}
    if spec.metric in {"coverage", "usage_rate"} and value.of is not None:
        return {"en": f"{value.n} of {value.of}", "zh-CN": f"{value.n} / {value.of}"}
    number = format_number(spec, round(value.value, 2) if spec.metric in SHARES else value.value)
    if spec.metric in SHARES and value.of:
        noun = ("seats", "席位") if spec.metric == "seat_use" or spec.denominator == "seats" else ("people", "人")
        return {"en": f"{number['en']} of {value.of} {noun[0]}", "zh-CN": f"{value.of} {noun[1]}的 {number['zh-CN']}"}
    return number


def describe_measure(measure: Measure, spec: SignalSpec) -> Both:
    """From which value a measure gives nothing to where it gives all: `0 → 60 %`."""
    if measure.linear is not None:
        low, high = format_number(spec, measure.linear.at_0), format_number(spec, measure.linear.at_100)
        return {locale: f"{low[locale]} → {high[locale]}" for locale in low}
    if measure.steps is not None:
        reached = [(format_number(spec, step.from_), f"{step.share * 100:g}") for step in measure.steps]
        return {
            "en": ", ".join(f"≥ {at['en']}: {share}\u00a0%" for at, share in reached),
            "zh-CN": "、".join(f"≥ {at['zh-CN']} 得 {share}%" for at, share in reached),
        }
    each = f"{(measure.deduct or 0) * 100:g}"
    return {"en": f"−{each}\u00a0% each", "zh-CN": f"每个扣 {each}%"}


def describe_condition(condition: If, spec: SignalSpec) -> Both:
    """`> 50 %`"""
    signs = (("gt", ">"), ("gte", "≥"), ("lt", "<"), ("lte", "≤"))
    name, sign = next((name, sign) for name, sign in signs if getattr(condition, name) is not None)
    line = format_number(spec, getattr(condition, name))
    return {locale: f"{sign} {text}" for locale, text in line.items()}


def span_words(span: str) -> Both:
    """`90d` → 90 days."""
    words = ("days", "天") if span.endswith("d") else ("hours", "小时")
    return {"en": f"{span[:-1]} {words[0]}", "zh-CN": f"{span[:-1]} {words[1]}"}


UNKNOWN: dict[str, Both] = {
    "redistribute": {"en": "its weight goes to the parts that are known", "zh-CN": "权重转给已知项"},
    "neutral": {"en": "it counts neither for nor against", "zh-CN": "不加分也不减分"},
    "worst": {"en": "it counts as the worst", "zh-CN": "按最差计"},
}


def sentence(spec: SignalSpec, value: SignalValue, points: float, maximum: float, ground: Measure | If, unknown: str) -> Both:
    """One sentence that a CSM can say aloud; `unknown` is the model's way with what is not known."""
    name, shown = name_of(spec), format_value(spec, value)
    if value.value is None:
        why, then = value.why or {"en": "no data yet", "zh-CN": "尚无数据"}, UNKNOWN[unknown]
        return {
            "en": f"{name['en']}: unknown ({why['en']}); {then['en']}.",
            "zh-CN": f"{name['zh-CN']}：未知（{why['zh-CN']}），{then['zh-CN']}。",
        }
    line = describe_measure(ground, spec) if isinstance(ground, Measure) else describe_condition(ground, spec)
    over = span_words(spec.window) if spec.window else None
    window = {"en": f" over {over['en']}", "zh-CN": f"（近 {over['zh-CN']}）"} if over else {"en": "", "zh-CN": ""}
    got = f"{points:.1f}".replace("-", "−")
    of = {"en": f" of {maximum:.1f}", "zh-CN": f"，满分 {maximum:.1f}"} if maximum else {"en": "", "zh-CN": ""}
    return {
        "en": f"{name['en']}: {shown['en']}{window['en']}, {got}{of['en']} points ({line['en']}).",
        "zh-CN": f"{name['zh-CN']}：{shown['zh-CN']}{window['zh-CN']}，得 {got} 分{of['zh-CN']}（{line['zh-CN']}）。",
    }
