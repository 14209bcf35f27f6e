"""The JVM's scores and contributions against LightGBM's own. A plain JVM, no Spark session."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import pyspark
import pytest

from millrace_streaming import session
from millrace_streaming.fraud.quality import Thresholds
from millrace_streaming.fraud.registry import jvm_model
from millrace_streaming.fraud.train import Model, sigmoid
from tests.fraud_model_data import made_orders

JARS = f"{Path(pyspark.__file__).parent}/jars/*"
SOURCE = Path(session.__file__).parent / "jvm" / "fraud" / "TreeModel.scala"
DRIVER = Path(__file__).parent / "fraud_model_driver.scala"
ORDERS, _, TRUTH = made_orders()
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    classes = tmp_path_factory.mktemp("classes")
    compiler = [session._java(), "-Xss8m", "-Dscala.usejavacp=true", "-cp", JARS, "scala.tools.nsc.Main", "-d", str(classes)]
    subprocess.run([*compiler, str(SOURCE), str(DRIVER)], check=True)
    command = [session._java(), "-cp", f"{classes}:{JARS}", "FraudModelDriver"]
    return lambda *parameters: subprocess.run([*command, *map(str, parameters)], capture_output=True, text=True, check=False)


def trained(rounds: int = 30, **parameters: Any) -> Model:
    settings = {"objective": "binary", "num_leaves": 8, "min_data_in_leaf": 20, "num_threads": 1, "verbose": -1, "seed": 3, **parameters}
    text = lgb.train(settings, lgb.Dataset(ORDERS.values, TRUTH.fraud.astype(float)), rounds).model_to_string()
    booster = lgb.Booster(model_str=text)
    expected = float(np.asarray(booster.predict(ORDERS.values[:1], pred_contrib=True))[0, -1])
    scale, offset = 1.3, -0.4
    return Model(text, ORDERS.features, scale, offset, scale * expected + offset, Thresholds(0.1, 0.6), {})


def rows_to_score(model: Model) -> np.ndarray:
    """Orders, and rows made of the trees' own thresholds, of what lies just beside them, and of what is missing, zero or endless."""
    rng = np.random.default_rng(5)
    data = jvm_model(model)
    at: dict[int, list[float]] = {i: [0.0, -0.0, np.nan, np.inf, -np.inf, 1e-36, -1e-36, 1e-34] for i in range(len(model.features))}
    for tree in data["trees"]:
        for feature, threshold in zip(tree["feature"], tree["threshold"], strict=True):
            near = [threshold, np.nextafter(threshold, -np.inf), np.nextafter(threshold, np.inf)]
            at[model.features.index(data["features"][feature])] += near
    edges = np.column_stack([rng.choice(at[i], 700) for i in range(len(model.features))])
    unknown = np.full((1, len(model.features)), np.nan)
    return np.concatenate([ORDERS.values[:800], edges, unknown])


def write(folder: Path, model: dict[str, Any], version: str = "v1") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.json").write_text(json.dumps({"version": version, **model}))
    return folder


def score(run: Run, folder: Path, rows: np.ndarray, names: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray, str]:
    (folder / "names").write_text("\n".join(names))
    (folder / "rows").write_bytes(rows.astype(">f8").tobytes())
    done = run(folder, folder / "names", folder / "rows", folder / "found")
    assert done.returncode == 0, done.stdout + done.stderr
    found = np.frombuffer((folder / "found").read_bytes(), ">f8").reshape(len(rows), 1 + len(names))
    return found[:, 0], found[:, 1:], done.stdout


def difference(run: Run, folder: Path, model: Model, data: dict[str, Any]) -> float:
    """Greatest difference of a probability or contribution from LightGBM's."""
    rows = rows_to_score(model)
    p, contributions, _ = score(run, write(folder, data), rows, model.features)
    wanted = np.asarray(model.booster().predict(rows, pred_contrib=True)) * model.scale
    raw = np.asarray(model.booster().predict(rows, raw_score=True))
    assert np.allclose(contributions.sum(axis=1) + model.base, np.log(p / (1 - p)), rtol=0, atol=1e-8)
    return max(float(np.abs(p - sigmoid(model.scale * raw + model.offset)).max()), float(np.abs(contributions - wanted[:, :-1]).max()))


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"use_missing": False},
        {"zero_as_missing": True},
        {"feature_fraction": 0.3, "bagging_fraction": 0.6, "bagging_freq": 1, "lambda_l2": 3.0},
        {"num_leaves": 3, "scale_pos_weight": 20.0},
        {"min_gain_to_split": 20.0, "learning_rate": 0.5},
    ],
    ids=["nan", "none", "zero", "bagged", "stumpy", "one-leaf-trees"],
)
def test_scores_and_contributions_are_lightgbms(run: Run, tmp_path: Path, parameters: dict[str, Any]) -> None:
    model = trained(**parameters)
    assert difference(run, tmp_path, model, jvm_model(model)) < 1e-9


@pytest.mark.parametrize("kind", ["nan", "zero"])
def test_a_default_direction_turned_round_is_noticed(run: Run, tmp_path: Path, kind: str) -> None:
    model = trained(zero_as_missing=kind == "zero")
    data = jvm_model(model)
    assert kind in {missing for tree in data["trees"] for missing in tree["missing"]}
    for tree in data["trees"]:
        tree["defaultLeft"] = [not left for left in tree["defaultLeft"]]
    assert difference(run, tmp_path, model, data) > 1e-3


def test_the_row_may_have_more_features_in_another_order(run: Run, tmp_path: Path) -> None:
    model = trained()
    names = ("other", *reversed(model.features))
    rows = ORDERS.values[:50]
    p, contributions, said = score(run, write(tmp_path, jvm_model(model), "abc"), np.column_stack([np.ones(50), rows[:, ::-1]]), names)
    assert np.allclose(p, model.probability(rows), rtol=0, atol=1e-9)
    assert np.allclose(contributions[:, :0:-1], model.contributions(rows), rtol=0, atol=1e-9)
    version, review, decline, base, used = said.split()
    assert (version, float(review), float(decline), float(base)) == ("abc", 0.1, 0.6, model.base)
    assert not contributions[:, 0].any() and "0" not in used.split(",")


def test_a_model_that_cannot_score_says_why(run: Run, tmp_path: Path) -> None:
    model = trained()
    data = jvm_model(model)
    names = tmp_path / "names"
    names.write_text("\n".join(model.features[1:]))

    def refusal(folder: Path) -> str:
        done = run(folder, names, names, names)
        assert done.returncode == 3, done.stderr
        return done.stdout

    assert "cannot be read" in refusal(tmp_path / "nowhere")
    assert "features that are not computed: f 0" in refusal(write(tmp_path / "unknown", data))
    names.write_text("\n".join(model.features))
    assert "has 9 leaves" in refusal(write(tmp_path / "large", jvm_model(trained(num_leaves=9))))
    assert "by its trees" in refusal(write(tmp_path / "base", {**data, "base": data["base"] + 0.01}))
    assert "does not say scale" in refusal(write(tmp_path / "part", {k: v for k, v in data.items() if k != "scale"}))
    loop = {**data["trees"][0], "left": [0] * len(data["trees"][0]["left"])}
    assert "not well formed" in refusal(write(tmp_path / "loop", {**data, "trees": [loop]}))
