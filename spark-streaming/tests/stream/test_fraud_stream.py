"""Fraud scores against the real Kafka and registry: a shop's weeks, delivered badly to a process that is killed. What the stream ends
with must be what the batch says, feature by feature, and lead to the right bytes."""

from __future__ import annotations

import dataclasses
import io
import math
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fastavro
import pytest
from pyspark.sql import SparkSession

from millrace_streaming.config import read_config
from millrace_streaming.contracts import CLICKS, LABELS, ORDERS, in_lane, schema_of
from millrace_streaming.fraud.extract import SOURCES, features, whole_range
from millrace_streaming.fraud.features import NAMES, version
from tests.stream.fraud_lane import DAY, MINUTE, START_MS, Event, Lane, click, delivered_badly, final, fraud_lane, order, shop
from tests.support import read_all


@pytest.fixture(scope="module")
def lane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lane]:
    with fraud_lane(tmp_path_factory.mktemp("fraud")) as made:
        yield made


@pytest.fixture(scope="module")
def outcome(lane: Lane, spark: SparkSession) -> tuple[dict[str, Event], dict[str, Any], list[Event]]:
    """Half of the weeks; kill -9 while they are scored; the rest; kill -9 again; the end. And the batch over the same topics."""
    events = delivered_badly(shop(1, 1_500), random.Random(2))
    first, rest = events[: len(events) // 2], events[len(events) // 2 :]
    lane.send(first)
    with lane.job():
        lane.scores(lambda found: len(found) > 300)
    with lane.job():
        lane.scores(lambda found: len(final(found)) >= 500)
        lane.send(rest)
        lane.scores(lambda found: len(final(found)) >= 1_000)
    frame = features(
        spark,
        dataclasses.replace(read_config(lane.env()), lane=lane.name),
        whole_range(dataclasses.replace(read_config(lane.env()), lane=lane.name)),
    )
    batch = {row["orderId"]: row.asDict() for row in frame.toLocalIterator()}
    with lane.job() as process:
        known = {name: row["revision"] for name, row in batch.items()}
        scores = lane.scores(lambda found: {o: s["revision"] for o, s in final(found).items()} == known)
        process.terminate()
        assert process.wait(60) == 0, lane.logs()
    return final(scores), batch, scores


def test_every_order_has_one_final_score(outcome: tuple[dict[str, Event], dict[str, Any], list[Event]]) -> None:
    scored, batch, scores = outcome
    assert len(scored) == 1_500 and scored.keys() == batch.keys()
    assert len(scores) > 1_500, "nothing was scored twice: neither kills nor late events were met"
    assert len({s["revision"] for s in scores if s["orderId"] == max(scored, key=lambda o: scored[o]["revision"])}) >= 1


def test_stream_is_batch_row_by_row(outcome: tuple[dict[str, Event], dict[str, Any], list[Event]]) -> None:
    scored, batch, _ = outcome
    wrong = []
    for name, row in batch.items():
        said = scored[name]["features"]
        assert tuple(said) == NAMES
        for feature in NAMES:
            a, b = said[feature], row[feature]
            if (math.nan if a is None else a) != b and not (a is None and math.isnan(b)):
                wrong.append((name, feature, a, b))
    assert not wrong, f"{len(wrong)}: {wrong[:10]}"


def test_a_recount_in_python_agrees(outcome: tuple[dict[str, Event], dict[str, Any], list[Event]]) -> None:
    """Some features counted again by the plainest code there is, from the events themselves."""
    scored, _, _ = outcome
    events = shop(1, 1_500)
    placed = [e for topic, e in events if topic == ORDERS and e["eventType"] == "PLACED"]
    declined = [e for topic, e in events if topic == ORDERS and e["eventType"] == "PAYMENT_DECLINED"]
    known_at = {e["orderId"]: e["occurredAt"] for topic, e in events if topic == LABELS and e["fraud"]}
    clicks = [e for topic, e in events if topic == CLICKS]
    for me in placed:
        at, said = me["occurredAt"], scored[me["orderId"]]["features"]
        week = [e for e in placed if at - 7 * DAY < e["occurredAt"] <= at and e["cardId"] == me["cardId"]]
        assert said["card_orders_7d"] == len(week)
        assert said["card_amount_7d"] == sum(e["totalMinor"] for e in week)
        assert said["card_declines_24h"] == sum(e["cardId"] == me["cardId"] and at - DAY < e["occurredAt"] <= at for e in declined)
        month = [e for e in placed if e["occurredAt"] <= at and e["shippingAddressId"] == me["shippingAddressId"]]
        assert said["address_customers_30d"] == len({e["customerId"] for e in month})
        assert said["address_frauds_30d"] == sum(known_at.get(e["orderId"], math.inf) <= at for e in month)
        visit = [e for e in clicks if me["sessionId"] is not None and e["sessionId"] == me["sessionId"]]
        if visit:
            assert said["session_searches"] == sum(e["eventType"] == "SEARCH" and e["occurredAt"] <= at for e in visit)


def test_a_recount_of_rings_in_python_agrees(outcome: tuple[dict[str, Event], dict[str, Any], list[Event]]) -> None:
    """Customers of the customers over cards, devices and addresses, as the events say it; whatever was killed, or came late."""
    scored, _, _ = outcome
    events = shop(1, 1_500)
    placed = [e for topic, e in events if topic == ORDERS and e["eventType"] == "PLACED"]
    known_at = {e["orderId"]: e["occurredAt"] for topic, e in events if topic == LABELS and e["fraud"]}
    sizes = set()
    for me in placed:
        until = me["occurredAt"] - 10 * MINUTE
        month = [e for e in placed if until - 30 * DAY < e["occurredAt"] <= until]
        mine, things = [me["customerId"]], {}
        orders = [me, *[e for e in month if e["customerId"] == me["customerId"]][-10:]]
        for _ in range(2):
            reached = dict.fromkeys((kind, e[kind]) for e in orders for kind in ("cardId", "deviceId", "shippingAddressId") if e[kind])
            new = {thing: {e["customerId"] for e in [e for e in month if e[thing[0]] == thing[1]][-30:]} for thing in reached}
            things |= {thing: users for thing, users in new.items() if len(users) <= 12}
            frontier = sorted({c for thing in new if thing in things for c in things[thing]} - set(mine))
            mine += frontier
            orders = [e for c in frontier for e in [e for e in month if e["customerId"] == c][-10:]]
        said = scored[me["orderId"]]["features"]
        assert said["ring_customers_30d"] == min(len(mine), 50)
        sizes.add(min(len(mine), 50))
        if len(mine) >= 50:
            continue
        theirs = [e for e in month if e["customerId"] in mine]
        assert said["ring_orders_30d"] == len(theirs)
        assert said["ring_frauds_30d"] == sum(known_at.get(e["orderId"], math.inf) <= until for e in theirs)
        carried = sum(kind != "shippingAddressId" for kind, _ in things)
        assert said["ring_crowding_30d"] == (len(mine) / carried if carried else None)
    assert {1, 2, 3, 50} < sizes


def test_evidence_leads_to_the_right_bytes(lane: Lane, outcome: tuple[dict[str, Event], dict[str, Any], list[Event]]) -> None:
    scored, _, _ = outcome
    log = {(m.topic(), m.partition(), m.offset()): m.value() for topic in SOURCES for m in read_all(in_lane(lane.name, topic))}
    schemas = {in_lane(lane.name, topic): fastavro.parse_schema(schema_of(topic)) for topic in SOURCES}
    for name, score in scored.items():
        first = score["evidence"][0]
        assert first["firstOffset"] == first["lastOffset"]
        me: Any = fastavro.schemaless_reader(
            io.BytesIO(log[first["topic"], first["partition"], first["firstOffset"]][5:]), schemas[first["topic"]], None
        )
        assert me["orderId"] == name and me["eventType"] == "PLACED"
        for other in score["evidence"][1:]:
            for offset in range(other["firstOffset"], other["lastOffset"] + 1):
                assert (other["topic"], other["partition"], offset) in log
            if other["topic"].endswith(ORDERS):
                event: Any = fastavro.schemaless_reader(
                    io.BytesIO(log[other["topic"], other["partition"], other["firstOffset"]][5:]), schemas[other["topic"]], None
                )
                shared = ("customerId", "cardId", "deviceId", "ipAddress", "shippingAddressId")
                assert any(event[f] is not None and event[f] == me[f] for f in shared) and event["occurredAt"] <= me["occurredAt"]


def test_a_score_says_what_it_rests_on(outcome: tuple[dict[str, Event], dict[str, Any], list[Event]]) -> None:
    scored, _, _ = outcome
    for score in scored.values():
        assert score["versions"]["features"] == version() and score["versions"]["rules"]
        assert score["degraded"] and score["modelScore"] is None, "no model was there, and nobody said so"
        assert {r["name"] for r in score["reasons"]} == set(score["rulesHit"])
        assert {link["kind"] for link in score["linked"]} >= {"customer", "card", "ip", "address"}


def test_the_state_can_be_made_anew_from_the_topics(lane: Lane, outcome: tuple[dict[str, Event], dict[str, Any], list[Event]]) -> None:
    """Without its journal the job reads the topics again, and an order of today gets the features it would have had."""
    assert outcome
    subprocess.run(
        [sys.executable, "-m", "millrace_streaming.jobs.fraud", "rebuild"], env=lane.env(), check=True, capture_output=True, text=True
    )
    assert not (lane.home / "checkpoints" / lane.name / "fraud" / "state").exists()
    rng = random.Random(9)
    new = order(rng, "new", "PLACED", START_MS + 21 * DAY, 1, 1, 1)
    with lane.job():
        lane.send([(ORDERS, new)])
        found = final(lane.scores(lambda so_far: any(s["orderId"] == "new" for s in so_far)))["new"]
    month = sum(e["cardId"] == new["cardId"] for topic, e in shop(1, 1_500) if topic == ORDERS and e["eventType"] == "PLACED")
    assert found["features"]["card_orders_30d"] == month + 1


def test_a_late_event_counts_whatever_was_killed_before_it(tmp_path: Path) -> None:
    """A late click has its order scored again by a process that did not score it first, and once more by one that cannot know whether
    the score was written: the journal had the click, no checkpoint had its offset."""
    with fraud_lane(tmp_path) as lane:
        placed = {**order(random.Random(3), "o1", "PLACED", START_MS, 1, 1, 1), "sessionId": "s1"}
        lane.send([(CLICKS, click("c1", "PAGE_VIEW", START_MS - MINUTE, 1, "s1")), (ORDERS, placed)])
        with lane.job() as process:
            first = final(lane.scores(lambda found: len(found) > 0))["o1"]
            lane.until_committed(2)
            process.terminate()
            assert process.wait(60) == 0, lane.logs()
        assert (first["features"]["session_pages"], first["features"]["session_since_last"]) == (1, 60)

        lane.extra["MILLRACE_FRAUD_BATCH"] = "10m"
        with lane.job():
            lane.send([(CLICKS, click("c2", "PAGE_VIEW", START_MS - 30_000, 1, "s1"))])
            known = lane.scores(lambda found: any(s["features"]["session_pages"] == 2 for s in found))
            lane.until_journalled("clicks", 2)
        assert final(known)["o1"]["revision"] == first["revision"] + 1

        with lane.job():
            again = lane.scores(lambda found: len(found) > len(known))
        assert again[-1]["revision"] == final(known)["o1"]["revision"] and again[-1]["features"] == final(known)["o1"]["features"]


def test_a_damaged_checkpoint_is_refused_with_its_remedy(tmp_path: Path) -> None:
    """F29: the last file of offsets cut short, then the topics made anew; each time the job says what to do, and doing it helps."""
    with fraud_lane(tmp_path) as lane:
        placed = order(random.Random(3), "o1", "PLACED", START_MS, 1, 1, 1)
        lane.send([(ORDERS, placed)])
        with lane.job() as process:
            first = final(lane.scores(lambda found: len(found) > 0))["o1"]
            lane.until_committed(1)
            process.terminate()
            assert process.wait(60) == 0, lane.logs()

        checkpoint = read_config(lane.env()).fraud_checkpoint
        newest = max((checkpoint / "query" / "offsets").glob("[0-9]*"), key=lambda file: int(file.name))
        whole = newest.read_bytes()
        newest.write_bytes(whole[: len(whole) // 2])
        assert lane.refusal() == f"remove {checkpoint} to score the lane anew from its topics: each order keeps its one final score"
        newest.write_bytes(whole.replace(b'"0":0', b'"0":7'))
        assert lane.refusal().startswith(f"remove {checkpoint}")

        shutil.rmtree(checkpoint)
        with lane.job():
            again = lane.scores(lambda found: len(found) > 1)[-1]
        assert (again["revision"], again["features"], again["decision"]) == (first["revision"], first["features"], first["decision"])
