"""What a part of a score says, in English and Chinese."""

from milepost.wire.health import SignalSpec, SignalValue

Both = dict[str, str]

NAMES: dict[str, Both] = {
    "coverage": {"en": "Coverage", "zh-CN": "功能覆盖率(已授权)"},
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


def format_value(spec: SignalSpec, value: SignalValue) -> Both:
    """The value with its ground: `22 % of 140 people`, `5 in 30 days`."""
    if value.value is None:
        return {"en": "unknown", "zh-CN": "未知"}
    if spec.metric in {"coverage", "usage_rate"} and value.of is not None:
        return {"en": f"{value.n} of {value.of}", "zh-CN": f"{value.n} / {value.of}"}
    if spec.metric in SHARES:
        number = f"{value.value * 100:.0f}"
        return {"en": f"{number} %" + (f" of {value.of}" if value.of else ""), "zh-CN": f"{number}%" + (f" / {value.of}" if value.of else "")}  # fmt: skip  # noqa: E501
    return {"en": f"{value.value:g}", "zh-CN": f"{value.value:g}"}


def sentence(spec: SignalSpec, value: SignalValue, points: float, maximum: float, threshold: str) -> Both:
    """One sentence that a CSM can say aloud."""
    name, shown = name_of(spec), format_value(spec, value)
    length, unit = (spec.window or "")[:-1], (spec.window or "")[-1:]
    if value.value is None:
        why = value.why or "no data yet"
        return {
            "en": f"{name['en']} is unknown ({why}); it counts neither for nor against.",
            "zh-CN": f"{name['zh-CN']}未知({why}),不加分也不减分。",
        }
    words = {"d": ("days", "天"), "h": ("hours", "小时")}.get(unit)
    window = {"en": f" over {length} {words[0]}", "zh-CN": f"(近 {length} {words[1]})"} if words else {"en": "", "zh-CN": ""}
    return {
        "en": f"{name['en']} is {shown['en']}{window['en']}: {points:.1f} of {maximum:.1f} points ({threshold}).",
        "zh-CN": f"{name['zh-CN']}为 {shown['zh-CN']}{window['zh-CN']}:得 {points:.1f} 分,满分 {maximum:.1f}({threshold})。",
    }
