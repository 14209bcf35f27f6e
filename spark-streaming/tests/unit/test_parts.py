"""The parts of the state against simple models of them."""

import random
from pathlib import Path

import numpy as np
import pytest

from millrace_streaming.config import read_config
from millrace_streaming.contracts import catalogue, dead_letter_topic, in_lane, is_lane, metric_key
from millrace_streaming.entities import Entities, EntitySet
from millrace_streaming.errors import ConfigError
from millrace_streaming.ranking import BestSellers
from millrace_streaming.stock import Known, MeanLevels, Shelves
from millrace_streaming.storage import Changes, Store
from millrace_streaming.zones import Windows


@pytest.mark.parametrize("size", [3, 40, 500, 20_000])
def test_an_entity_set_is_a_set(size: int) -> None:
    rng, model, ours = random.Random(size), set[int](), EntitySet()
    for _ in range(30):
        batch = [rng.randrange(-size * 3, size * 3) for _ in range(rng.randint(1, size))]
        new = ours.add(np.array(batch, np.int64))
        assert sorted(new.tolist()) == sorted(set(batch) - model)
        model |= set(batch)
        assert len(ours) == len(model)
    assert ours.values().tolist() == sorted(model)


def test_entities_come_back_from_disk(tmp_path: Path) -> None:
    store, first, changes = Store(tmp_path / "s.sqlite"), Entities(), Changes()
    group, other = ("cart", 0, ""), ("ordered", 0, "")
    first.add(group, np.arange(10, dtype=np.int64))
    first.add(other, np.arange(7, 12, dtype=np.int64))
    first.save(0, changes)
    store.commit(0, changes, [])
    second = Entities()
    second.load(store.rows(Entities.SPACE))
    assert (second.size(group), second.size(other), second.missing(group, other)) == (10, 5, 7)
    changes = Changes()
    second.drop(group, changes)
    second.drop(other, changes)
    store.commit(1, changes, [])
    assert list(store.rows(Entities.SPACE)) == []


def test_a_failed_commit_leaves_nothing(tmp_path: Path) -> None:
    store, changes = Store(tmp_path / "s.sqlite"), Changes()
    changes.put("a", [1], {"x": 1})
    store.commit(0, changes, [b"one"])
    changes.put("a", [2], 2)
    with pytest.raises(Exception, match="UNIQUE"):
        store.commit(0, changes, [b"again"])
    assert list(store.rows("a")) == [([1], {"x": 1})]
    assert store.sequence() == 0
    assert store.pending() == [(0, b"one")]


def test_best_sellers_order_ties_by_id() -> None:
    sellers = BestSellers(Windows("UTC"))
    for product, items in [("b", 2), ("a", 2), ("c", 5)] + [(f"z{i:02}", 1) for i in range(20)]:
        sellers.take(50, product, items)
    sellers.take(60, "c", 100)
    assert sellers.best(50 * 60_000)[:4] == [("c", 5.0), ("a", 2.0), ("b", 2.0), ("z00", 1.0)]
    assert len(sellers.best(50 * 60_000)) == 10
    assert sellers.best(51 * 60_000) == [("c", 100.0)]


def test_low_stock_carries_levels_into_later_minutes_and_corrects_them() -> None:
    shelves = Shelves()
    shelves.take(1, "a", Known((60_000, 0, 5, 3), (60_000, 0, 5, 10)))
    shelves.take(3, "b", Known((180_000, 0, 9, 50), (180_000, 0, 9, 10)))
    assert [(low.minute, low.count, low.events) for low in shelves.since(1)] == [(1, 1, 1), (3, 1, 2)]
    shelves.take(2, "a", Known((120_000, 0, 20, 99), None))
    assert [(low.minute, low.count, low.events) for low in shelves.since(2)] == [(2, 0, 2), (3, 0, 3)]
    shelves.close(3, Changes())
    shelves.take(4, "b", Known((240_000, 0, 30, 0), None))
    assert [(low.minute, low.items) for low in shelves.since(4)] == [(4, [("b", 0)])]


def test_an_older_level_does_not_replace_a_newer_one() -> None:
    known = Known()
    known.take(Known((200, 0, 7, 1), (200, 0, 7, 5)))
    known.take(Known((100, 0, 8, 90), None))
    known.take(Known((200, 0, 6, 80), None))
    assert known.low()


def test_mean_levels_are_summed_over_products() -> None:
    levels = MeanLevels()
    for category, product, level in [("x", "a", 10), ("x", "a", 20), ("y", "b", 7)]:
        levels.take(0, category, product, level)
    assert (levels.on_hand(0, None), levels.on_hand(0, "x"), levels.on_hand(0, "z")) == (22.0, 15.0, 0.0)


def test_names_of_lanes() -> None:
    assert in_lane("live", "shop.orders.v1") == "shop.orders.v1"
    assert dead_letter_topic("r1", "shop.orders.v1") == "r1.shop.orders.v1.metrics.dlq"
    assert [is_lane(name) for name in ("r1", "shop", "R1", "", "a" * 32)] == [True, False, False, False, False]


def test_metric_keys_sort_and_escape() -> None:
    assert metric_key("m", {"b": "x,y", "a": "{=}\\"}) == "m{a=\\{\\=\\}\\\\,b=x\\,y}"
    assert metric_key("m", {}) == "m{}"


def test_every_problem_of_the_environment_at_once() -> None:
    env = {
        "MILLRACE_LANE": "Shop",
        "MILLRACE_SPARK_TRIGGER": "soon",
        "MILLRACE_SPARK_METRICS": "orders,sadness",
        "MILLRACE_SHOP_TIME_ZONE": "Moon",
    }
    with pytest.raises(ConfigError) as caught:
        read_config(env)
    assert len(caught.value.problems) == 4


def test_defaults_compute_everything() -> None:
    assert read_config({}).metrics == frozenset(catalogue())
