"""The catalogue of fraud features, as data. The JVM computes them (jvm/fraud/), for the stream and for training alike."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

KEPT = "38d"
"""How long an order stays in the state: the longest window behind its delay, and a day."""
VELOCITY = ("1m", "10m", "1h", "24h", "7d", "30d")
_UNIT_S = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


@dataclass(frozen=True)
class Entity:
    """Something an order has in common with others; without a `field`, what all have in common. `lag` keeps its youngest orders and
    labels out of its features: one that nearly every order shares (the domain of the e-mail address) would otherwise have each late event
    change the scores of all.
    """

    name: str
    field: str
    lag: str = "0s"


ENTITIES = (
    Entity("customer", "customerId"),
    Entity("card", "cardId"),
    Entity("device", "deviceId"),
    Entity("ip", "ipAddress"),
    Entity("address", "shippingAddressId"),
    Entity("product", "lines[].productId"),
    Entity("email", "emailDomain", lag="1h"),
    Entity("shop", "", lag="10m"),
)
"""Of an entity that an order has several of (products), a feature is the greatest over them."""


@dataclass(frozen=True)
class Feature:
    """One number of an order, a function of the events up to its event time and of nothing else.

    `kind` names the computation (Features.scala says what each does), `entity` whose past it looks at, `window` how far back from the
    order, the order included, `delay` how long before the order that window ends, `of` what is counted or compared. Absent: NaN.
    """

    name: str
    kind: str
    doc: str
    entity: str = ""
    window: str = "0s"
    delay: str = "0s"
    of: str = ""

    def as_data(self) -> dict[str, Any]:
        """For the JVM helper (Features.scala): durations in ms."""
        return {**asdict(self), "window": ms(self.window), "delay": ms(self.delay)}


def ms(duration: str) -> int:
    """`10m` in milliseconds."""
    return int(duration[:-1]) * _UNIT_S[duration[-1]] * 1000


def _velocity() -> Iterator[Feature]:
    for entity in ("customer", "card", "device", "ip", "address", "product"):
        for window in VELOCITY:
            yield Feature(f"{entity}_orders_{window}", "count", f"Orders of the {entity} in {window}.", entity, window)
            yield Feature(f"{entity}_amount_{window}", "sum", "What they cost, in minor units.", entity, window)
    for window in ("24h", "7d", "30d"):
        yield Feature(
            f"customer_mean_{window}", "mean", f"Mean amount of the customer's orders in {window}, minor units.", "customer", window
        )
    for entity in ("customer", "card", "device", "ip"):
        for window in ("1h", "24h"):
            yield Feature(
                f"{entity}_declines_{window}", "declines", f"Payments of the {entity} that a bank refused in {window}.", entity, window
            )
    yield Feature("customer_refunds_30d", "refunds", "Refunds, returns and cancellations of the customer in 30d.", "customer", "30d")


def _partners() -> Iterator[Feature]:
    for entity, of, windows in (
        ("card", "customer", ("24h", "30d")),
        ("device", "customer", ("24h", "30d")),
        ("device", "card", ("24h", "30d")),
        ("ip", "customer", ("24h",)),
        ("ip", "card", ("24h",)),
        ("customer", "card", ("24h", "30d")),
        ("customer", "device", ("24h", "30d")),
        ("customer", "ip", ("24h",)),
        ("customer", "address", ("30d",)),
        ("address", "customer", ("24h", "30d")),
        ("address", "card", ("30d",)),
        ("address", "device", ("30d",)),
    ):
        for window in windows:
            doc = f"Different {of} entities of the {entity} in {window}, among its last 200 orders."
            yield Feature(f"{entity}_{_plural(of)}_{window}", "distinct", doc, entity, window, of=of)
    for of in ("card", "device", "ip", "address"):
        doc = f"Share of the customer's earlier orders in 30d with this {of}; unknown for a first order."
        yield Feature(f"customer_same_{of}_30d", "same", doc, "customer", "30d", of=of)


def _plural(name: str) -> str:
    return f"{name}es" if name.endswith("s") else f"{name}s"


def _rings() -> Iterator[Feature]:
    ring = "the customers that this one is linked with in 30d, over two cards, devices or addresses of at most 12 customers each"
    for of, doc in (
        ("customers", f"The customer and {ring}; 50 at most."),
        ("orders", "Orders of those in 30d."),
        ("frauds", "Those among them that were labelled fraud by ten minutes ago."),
        ("crowding", "Customers of the ring for each card and device in it; a household has about one or less."),
    ):
        yield Feature(f"ring_{of}_30d", "ring", doc, "shop", "30d", of=of)


def _risk() -> Iterator[Feature]:
    for entity in ("customer", "card", "device", "ip", "address", "product", "email"):
        for window in ("7d", "30d"):
            doc = f"Orders of the {entity} in {window} that were labelled fraud by now."
            yield Feature(f"{entity}_frauds_{window}", "frauds", doc, entity, window)
    for entity in ("customer", "card", "device", "ip", "address", "product"):
        doc = f"Seconds since the {entity}'s latest order that was labelled fraud by now; unknown without one in 38d."
        yield Feature(f"{entity}_since_fraud", "since_fraud", doc, entity, KEPT)
    for entity in ("product", "email"):
        doc = f"Share of the orders of the {entity} in 30d that were labelled fraud by now."
        yield Feature(f"{entity}_fraud_share_30d", "risk", doc, entity, "30d")
    for entity in ("customer", "product"):
        for window in ("24h", "7d", "30d"):
            doc = f"Share of the {entity}'s orders in the {window} that ended 7d ago, labelled fraud by now."
            yield Feature(f"{entity}_risk_{window}", "risk", doc, entity, window, "7d")
            yield Feature(
                f"{entity}_settled_{window}", "count", f"Orders of the {entity} in the {window} that ended 7d ago.", entity, window, "7d"
            )


def _history() -> Iterator[Feature]:
    for entity in ("customer", "card", "device", "ip", "address"):
        yield Feature(f"{entity}_since_last", "since", f"Seconds since the {entity}'s order before.", entity, KEPT)
        yield Feature(f"{entity}_age", "age", f"Seconds since the {entity} was first seen, as far as 38d go back.", entity, KEPT)
    doc = "Amount over the greatest of the customer's last 200 earlier orders in 7d."
    yield Feature("customer_amount_peak_7d", "peak", doc, "customer", "7d")
    for entity in ("customer", "product"):
        yield Feature(
            f"{entity}_amount_ratio_30d", "ratio", f"Amount over the mean of the {entity}'s earlier orders in 30d.", entity, "30d"
        )
        doc = f"Amount over the greatest of the {entity}'s last 200 earlier orders in 30d."
        yield Feature(f"{entity}_amount_peak_30d", "peak", doc, entity, "30d")
        doc = f"Standard deviations between the amount and the mean of the {entity}'s last 200 earlier orders in 30d, from three on."
        yield Feature(f"{entity}_amount_deviation_30d", "deviation", doc, entity, "30d")


def _order() -> Iterator[Feature]:
    yield Feature("amount", "amount", "The order's total, minor units.")
    yield Feature("items", "items", "Items ordered.")
    yield Feature("lines", "lines", "Different products ordered.")
    yield Feature("unit_price_max", "price", "Dearest item, minor units.")
    yield Feature("discount", "discount", "What a promotion took off, minor units.")
    yield Feature("promo", "present", "1: a promotion was redeemed.", of="promoCode")
    yield Feature("guest", "guest", "1: no account.")
    yield Feature("account_age", "account_age", "Seconds since the account was opened.")
    yield Feature("hour", "hour", "Hour of the day, UTC.")
    yield Feature("weekend", "weekend", "1: Saturday or Sunday, UTC.")
    yield Feature("night", "night", "1: from midnight to before seven, UTC.")
    yield Feature("prepaid", "is", "1: the card is prepaid.", of="cardFunding=prepaid")
    yield Feature("pays_by_card", "is", "1: paid by card.", of="paymentMethod=card")
    for name, of, doc in (
        ("ip_country_mismatch", "ipCountry,country", "where it was ordered from and where it ships to"),
        ("card_country_mismatch", "cardCountry,billingCountry", "the card's bank and the bill"),
        ("ip_card_mismatch", "ipCountry,cardCountry", "where it was ordered from and the card's bank"),
        ("billing_country_mismatch", "billingCountry,country", "the bill and where it ships to"),
        ("billing_shipping_mismatch", "billingAddressId,shippingAddressId", "the addresses of bill and parcel"),
    ):
        yield Feature(name, "differ", f"1: {doc} differ.", of=of)


def _session() -> Iterator[Feature]:
    for name, of, doc in (
        ("pages", "PAGE_VIEW", "Pages seen that are no product's"),
        ("product_views", "PRODUCT_VIEW", "Product pages seen"),
        ("searches", "SEARCH", "Searches"),
        ("cart_adds", "ADD_TO_CART", "Times something was put into the cart"),
        ("cart_removes", "REMOVE_FROM_CART", "Times something was taken out"),
    ):
        yield Feature(f"session_{name}", "clicks", f"{doc} in the visit before the order.", of=of)
    yield Feature("session_seconds", "session_seconds", "From the visit's first click to the order.")
    yield Feature("session_since_last", "session_since_last", "Seconds from the visit's last click to the order.")


FEATURES: tuple[Feature, ...] = (*_order(), *_velocity(), *_partners(), *_rings(), *_risk(), *_history(), *_session())
NAMES: tuple[str, ...] = tuple(feature.name for feature in FEATURES)


def version() -> str:
    """Changes with every change to what a feature means: twelve digits of a hash over the catalogue."""
    return hashlib.sha256(json.dumps(_data(), sort_keys=True).encode()).hexdigest()[:12]


def _data() -> dict[str, Any]:
    return {
        "entities": [{"name": e.name, "field": e.field, "lag": ms(e.lag)} for e in ENTITIES],
        "features": [{k: v for k, v in f.as_data().items() if k != "doc"} for f in FEATURES],
        "kept": ms(KEPT),
    }


def state_version() -> str:
    """Changes with what the state keeps: a journal of another one cannot be read."""
    return hashlib.sha256(json.dumps([_data()["entities"], _data()["kept"]], sort_keys=True).encode()).hexdigest()[:12]


def plan_json() -> str:
    """All that the JVM helper must know of the catalogue."""
    return json.dumps({**_data(), "version": version()})
