"""A planted day of a shop, and what each metric must be: a recount that shares no code with the package."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

ORDERS, CLICKS, INVENTORY, FEEDBACK = "shop.orders.v1", "shop.clickstream.v1", "shop.inventory.v1", "shop.feedback.v1"
KEY = {ORDERS: "customerId", CLICKS: "visitorId", INVENTORY: "productId", FEEDBACK: "productId"}
Event = dict[str, Any]
Window = tuple[str, tuple[tuple[str, str], ...], str, int]
"""Metric, dimensions sorted by name, window, start."""
Value = tuple[float, int, list[tuple[str, float]]]
"""Value, number of events, items."""


def make(seed: int, start_ms: int, minutes: int, per_minute: int) -> list[tuple[str, Event]]:
    """Events of all four topics in order of their time; some dimensions are missing."""
    rng = random.Random(seed)
    made = []
    for i in range(minutes * per_minute):
        at = start_ms + i * 60_000 // per_minute + rng.randrange(60_000 // per_minute)
        topic = rng.choices([ORDERS, CLICKS, INVENTORY, FEEDBACK], [3, 5, 2, 1])[0]
        made.append((topic, {"eventId": f"{seed}-{i}", "occurredAt": at, **_body(rng, topic)}))
    return made


def _body(rng: random.Random, topic: str) -> Event:
    product = f"p{int(rng.paretovariate(0.8)) % 40}"
    category = rng.choice(["shirts", "shoes", "a,b=c", None])
    country = rng.choice(["DE", "FR", None])
    if topic == ORDERS:
        lines = []
        for _ in range(rng.choice([0, 1, 1, 2, 3])):
            price, quantity = rng.randrange(0, 9999), rng.randint(1, 4)
            line = {"productId": f"p{rng.randrange(40)}", "category": rng.choice(["shirts", "shoes", None]), "quantity": quantity}
            lines.append({**line, "unitPriceMinor": price, "amountMinor": price * quantity})
        visitor = rng.randrange(30)
        return {
            "eventType": rng.choice(["PLACED", "PLACED", "PLACED", "REFUNDED", "PAID", "UNKNOWN"]),
            "orderId": f"o{rng.randrange(10**6)}",
            "customerId": f"c{visitor}",
            "visitorId": rng.choice([f"v{visitor}", None]),
            "sessionId": rng.choice([f"s{visitor}", None]),
            "country": country,
            "currency": rng.choice(["EUR", "EUR", "GBP"]),
            "totalMinor": sum(line["amountMinor"] for line in lines),
            "lines": lines,
        }
    if topic == CLICKS:
        visitor = rng.randrange(60)
        kind = rng.choice(["PAGE_VIEW", "PRODUCT_VIEW", "ADD_TO_CART", "SIGN_IN", "UNKNOWN"])
        seen = {"visitorId": f"v{visitor}", "sessionId": rng.choice([f"s{visitor}", f"s{visitor}", None]), "country": country}
        return {"eventType": kind, **seen, "productId": product, "category": category}
    if topic == INVENTORY:
        change = rng.randint(-3, 9)
        kind = rng.choice(["STOCK_LEVEL", "STOCK_LEVEL", "STOCK_LEVEL", "PRICE_CHANGED", "UNKNOWN"])
        level = rng.choice([rng.randrange(30), rng.randrange(30), None])
        reason = "sale" if change < 0 else rng.choice(["delivery", "sale", None])
        point = rng.choice([10, None])
        return {
            "eventType": kind,
            "productId": product,
            "category": category,
            "stockLevel": level,
            "change": change,
            "reorderPoint": point,
            "reason": reason,
        }
    return {
        "eventType": rng.choice(["RATED", "REVIEWED", "UNKNOWN"]),
        "productId": product,
        "category": category,
        "rating": rng.randint(1, 5),
    }


class Recount:
    """Every metric over the counted events, each computed from the whole list. `offset` of an event orders equal times."""

    def __init__(self, events: list[tuple[str, Event, tuple[int, int]]], zone: str) -> None:
        self._events = sorted(events, key=lambda entry: (entry[1]["occurredAt"], entry[2]))
        self._zone = ZoneInfo(zone)
        self.values: dict[Window, Value] = {}

    def _starts(self, window: str, at: int) -> list[int]:
        minute = at // 60_000 * 60_000
        if window == "1m":
            return [minute]
        if window == "10m":
            return [minute - 60_000 * back for back in range(10)]
        if window == "1h":
            return [at // 3_600_000 * 3_600_000]
        local = datetime.fromtimestamp(at / 1000, self._zone)
        first = local.replace(day=local.day if window == "1d" else 1, hour=0, minute=0, second=0, microsecond=0)
        return [int(first.timestamp() * 1000)]

    def _fold(self, metric: str, windows: str, dims: list[list[str]], picked: list[tuple[dict[str, str], int, Any]], value: Any) -> None:
        """Groups (dimensions, time, payload) and stores value(payloads), number of payloads, items."""
        for window in windows.split():
            for names in dims:
                groups: dict[Window, list[Any]] = defaultdict(list)
                for values, at, payload in picked:
                    if all(name in values for name in names):
                        key = tuple(sorted((name, values[name] or "unknown") for name in names))
                        for start in self._starts(window, at):
                            groups[metric, key, window, start].append(payload)
                for group, payloads in groups.items():
                    self.values[group] = value(payloads)

    def run(self) -> dict[Window, Value]:
        """Value, count of events and items of every window with at least one event."""
        self._sales()
        self._traffic()
        self._stock()
        ratings = [
            ({"category": e["category"]}, e["occurredAt"], e["rating"])
            for t, e, _ in self._events
            if t == FEEDBACK and e["eventType"] != "UNKNOWN"
        ]
        self._fold("rating", "1h 1d", [[], ["category"]], ratings, lambda xs: (sum(xs) / len(xs), len(xs), []))
        self._fold("events", "1m", [["topic"]], [({"topic": t}, e["occurredAt"], 1) for t, e, _ in self._events], _number)
        return self.values

    def _sales(self) -> None:
        placed = [e for t, e, _ in self._events if t == ORDERS and e["eventType"] == "PLACED"]
        refunded = [e for t, e, _ in self._events if t == ORDERS and e["eventType"] == "REFUNDED"]

        def money(es: list[Event]) -> list[tuple[dict[str, str], int, Any]]:
            return [({"country": e["country"], "currency": e["currency"]}, e["occurredAt"], e["totalMinor"]) for e in es]

        by_category: list[tuple[dict[str, str], int, Any]] = []
        for e in placed:
            for category in {line["category"] for line in e["lines"]}:
                mine = [line for line in e["lines"] if line["category"] == category]
                payload = (sum(line["amountMinor"] for line in mine), sum(line["quantity"] for line in mine))
                by_category.append(({"category": category, "currency": e["currency"]}, e["occurredAt"], payload))
        whole = [({}, e["occurredAt"], sum(line["quantity"] for line in e["lines"])) for e in placed]
        self._fold("orders", "1m 1d 1mo", [[], ["country"]], money(placed), _number)
        self._fold("revenue", "1m 1d 1mo", [["currency"], ["country", "currency"]], money(placed), _total)
        self._fold("revenue", "1m 1d 1mo", [["category", "currency"]], by_category, lambda xs: (float(sum(x for x, _ in xs)), len(xs), []))
        self._fold("average_order_value", "1m 1d", [["currency"]], money(placed), lambda xs: (sum(xs) / len(xs), len(xs), []))
        self._fold("units_sold", "1m 1d", [[]], whole, _total)
        self._fold("units_sold", "1m 1d", [["category"]], by_category, lambda xs: (float(sum(x for _, x in xs)), len(xs), []))
        self._fold("refunds", "1m 1d 1mo", [["currency"], ["country", "currency"]], money(refunded), _total)
        self._fold("refund_count", "1m 1d 1mo", [[]], [({}, e["occurredAt"], 1) for e in refunded], _number)
        self._fold("top_products", "10m", [[]], [({}, e["occurredAt"], e["lines"]) for e in placed], _top)

    def _traffic(self) -> None:
        clicks = [e for t, e, _ in self._events if t == CLICKS and e["eventType"] != "UNKNOWN"]
        placed = [e for t, e, _ in self._events if t == ORDERS and e["eventType"] == "PLACED"]
        views = [e for e in clicks if e["eventType"] == "PRODUCT_VIEW"]
        people = [({"country": e["country"]}, e["occurredAt"], (e["visitorId"], False)) for e in clicks]
        buyers = [({"country": e["country"]}, e["occurredAt"], (e["visitorId"], True)) for e in placed if e["visitorId"]]
        self._fold("active_users", "1m", [[], ["country"]], people, lambda xs: (float(len({v for v, _ in xs})), len(xs), []))
        self._fold("views", "1m 1d", [[], ["category"]], [({"category": e["category"]}, e["occurredAt"], 1) for e in views], _number)
        self._fold(
            "conversion_rate",
            "1h",
            [[], ["country"]],
            people + buyers,
            lambda xs: (len({v for v, b in xs if b}) / len({v for v, _ in xs}), len(xs), []),
        )
        carts = [({}, e["occurredAt"], (e["sessionId"], False)) for e in clicks if e["eventType"] == "ADD_TO_CART" and e["sessionId"]]
        bought = [({}, e["occurredAt"], (e["sessionId"], True)) for e in placed if e["sessionId"]]
        self._fold("cart_abandonment", "1h", [[]], carts + bought, _left)

    def _stock(self) -> None:
        stock = [e for t, e, _ in self._events if t == INVENTORY and e["eventType"] != "UNKNOWN"]
        levels = [e for e in stock if e["stockLevel"] is not None]
        self._fold(
            "stock_level",
            "1m",
            [["product"]],
            [({"product": e["productId"]}, e["occurredAt"], e["stockLevel"]) for e in levels],
            lambda xs: (float(xs[-1]), len(xs), []),
        )

        def sold(e: Event) -> int:
            return -e["change"] if e["reason"] == "sale" and e["change"] < 0 else 0

        turning = [
            ({"category": e["category"]}, e["occurredAt"], (e["productId"], e["stockLevel"], sold(e)))
            for e in stock
            if e["stockLevel"] is not None or sold(e)
        ]
        self._fold("stock_turnover", "1d", [[], ["category"]], turning, _turnover)
        last: dict[str, int] = {}
        point: dict[str, int] = {}
        telling = [e for e in stock if e["stockLevel"] is not None or e["reorderPoint"] is not None]
        for i, e in enumerate(telling):
            last.update({e["productId"]: e["stockLevel"]} if e["stockLevel"] is not None else {})
            point.update({e["productId"]: e["reorderPoint"]} if e["reorderPoint"] is not None else {})
            minute = e["occurredAt"] // 60_000
            if i + 1 == len(telling) or telling[i + 1]["occurredAt"] // 60_000 != minute:
                low = sorted((level, p) for p, level in last.items() if p in point and level <= point[p])
                self.values["low_stock", (), "1m", minute * 60_000] = (float(len(low)), i + 1, [(p, float(level)) for level, p in low[:10]])


def _number(xs: list[Any]) -> tuple[float, int, list[Any]]:
    return float(len(xs)), len(xs), []


def _total(xs: list[int]) -> tuple[float, int, list[Any]]:
    return float(sum(xs)), len(xs), []


def _top(orders: list[list[Event]]) -> tuple[float, int, list[tuple[str, float]]]:
    sold: dict[str, int] = defaultdict(int)
    for lines in orders:
        for line in lines:
            sold[line["productId"]] += line["quantity"]
    best = sorted(sold.items(), key=lambda entry: (-entry[1], entry[0]))[:10]
    return float(sum(sold.values())), len(orders), [(p, float(n)) for p, n in best]


def _left(xs: list[tuple[str, bool]]) -> tuple[float, int, list[Any]]:
    carts, bought = {s for s, b in xs if not b}, {s for s, b in xs if b}
    return len(carts - bought) / len(carts) if carts else 0.0, len(xs), []


def _turnover(xs: list[tuple[str, int | None, int]]) -> tuple[float, int, list[Any]]:
    levels: dict[str, list[int]] = defaultdict(list)
    for product, level, _ in xs:
        if level is not None:
            levels[product].append(level)
    on_hand = sum(sum(seen) / len(seen) for seen in levels.values())
    return sum(sold for _, _, sold in xs) / on_hand if on_hand else 0.0, len(xs), []
