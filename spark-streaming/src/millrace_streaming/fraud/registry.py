"""Models as plain folders: `<models>/<version>/`, and two files, `champion` and `challenger`, that name a version."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from importlib.metadata import version as package_version
from pathlib import Path
from typing import Any, Literal

from ..errors import MillraceError
from .card import write_card
from .orders import Orders
from .quality import reference_bins
from .split import Split
from .train import Model

Role = Literal["champion", "challenger"]
ROLES: tuple[Role, ...] = ("champion", "challenger")
_VERSION = re.compile(r"[0-9a-f]{12}")
_PACKAGES = ("lightgbm", "numpy", "pyarrow")
_MISSING = {"None": "none", "Zero": "zero", "NaN": "nan"}


class ModelRegistryError(MillraceError):
    """There is no such model, or no such role."""


@dataclass(frozen=True)
class Entry:
    """A registered model."""

    version: str
    manifest: dict[str, Any]
    roles: tuple[Role, ...]


def jvm_model(model: Model) -> dict[str, Any]:
    """What TreeModel.scala reads, without the version. Only features that a tree looks at are named."""
    dump = model.booster().dump_model()
    trees = [_arrays(info["tree_structure"]) for info in dump["tree_info"]]
    used = sorted({feature for tree in trees for feature in tree["feature"]})
    place = {feature: i for i, feature in enumerate(used)}
    for tree in trees:
        tree["feature"] = [place[feature] for feature in tree["feature"]]
    return {
        "features": [model.features[feature] for feature in used],
        "scale": model.scale,
        "offset": model.offset,
        "base": model.base,
        "reviewAt": model.thresholds.review_at,
        "declineAt": model.thresholds.decline_at,
        "trees": trees,
    }


def _arrays(root: dict[str, Any]) -> dict[str, list[Any]]:
    """A tree as parallel arrays, nodes from the root down; child -1 is leaf 0, -2 leaf 1."""
    tree: dict[str, list[Any]] = {
        name: [] for name in ("feature", "threshold", "missing", "defaultLeft", "left", "right", "leafValue", "leafCount")
    }

    def add(node: dict[str, Any]) -> int:
        if "split_feature" not in node:
            tree["leafValue"].append(node["leaf_value"])
            # A tree of one leaf says no count.
            tree["leafCount"].append(node.get("leaf_count", 1))
            return -len(tree["leafValue"])
        if node["decision_type"] != "<=":
            raise ModelRegistryError(f"a tree decides by {node['decision_type']}: only numbers can be scored")
        at = len(tree["feature"])
        tree["feature"].append(node["split_feature"])
        tree["threshold"].append(node["threshold"])
        tree["missing"].append(_MISSING[node["missing_type"]])
        tree["defaultLeft"].append(node["default_left"])
        tree["left"].append(0)
        tree["right"].append(0)
        tree["left"][at] = add(node["left_child"])
        tree["right"][at] = add(node["right_child"])
        return at

    add(root)
    return tree


class ModelRegistry:
    """The models in one folder. Registering and promoting are atomic: a reader sees a model whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def register(self, model: Model, orders: Orders, split: Split, quality: Mapping[str, Any]) -> str:
        """Writes a model with its manifest and card, and returns its version; the same model again keeps the first."""
        scoring = jvm_model(model)
        identity = {"model": scoring, "catalogue": orders.catalogue, "ranges": orders.ranges, "periods": asdict(split.periods)}
        digest = hashlib.sha256(_json(identity).encode())
        digest.update(model.text.encode())
        version = digest.hexdigest()[:12]
        final = self._folder / version
        if final.is_dir():
            return version
        manifest = self._manifest(version, model, orders, split, quality)
        self._folder.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=self._folder))
        try:
            _write(draft / "model.txt", model.text)
            _write(draft / "model.json", _json({"version": version, **scoring}))
            _write(draft / "manifest.json", json.dumps(manifest, indent=2, ensure_ascii=False) + "\n")
            _write(draft / "card.md", write_card(manifest))
            draft.chmod(0o755)
            try:
                draft.rename(final)
            except OSError:
                # Another process was faster with the same model.
                if not final.is_dir():
                    raise
            _sync(self._folder)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        return version

    def _manifest(self, version: str, model: Model, orders: Orders, split: Split, quality: Mapping[str, Any]) -> dict[str, Any]:
        values = orders.values[split.train]
        importance = model.booster().feature_importance("gain")
        weights = sorted(zip(model.features, importance.tolist(), strict=True), key=lambda pair: -pair[1])
        return {
            "version": version,
            "createdAt": datetime.now(timezone.utc).isoformat(timespec="seconds"),
            "features": list(model.features),
            "catalogue": orders.catalogue,
            "ranges": orders.ranges,
            "periods": {name: _period(value, name) for name, value in asdict(split.periods).items()},
            "training": model.chosen,
            "scale": model.scale,
            "offset": model.offset,
            "base": model.base,
            "thresholds": asdict(model.thresholds),
            "packages": {name: package_version(name) for name in _PACKAGES},
            "quality": dict(quality),
            "gain": {name: gain for name, gain in weights if gain > 0},
            "reference": {
                "score": reference_bins(model.probability(values)),
                "features": {name: reference_bins(values[:, i]) for i, name in enumerate(model.features)},
            },
        }

    def promote(self, version: str, role: Role = "champion") -> None:
        """From now on the version has the role. Throws ModelRegistryError where it is not registered."""
        if role not in ROLES:
            raise ModelRegistryError(f"{role} is no role: {', '.join(ROLES)}")
        self.manifest(version)
        draft = self._folder / f".{role}-{os.getpid()}"
        _write(draft, version + "\n")
        os.replace(draft, self._folder / role)
        _sync(self._folder)

    def holder(self, role: Role) -> str | None:
        """The version that has the role."""
        try:
            return (self._folder / role).read_text().strip()
        except FileNotFoundError:
            return None

    def manifest(self, version: str) -> dict[str, Any]:
        """What is known about a version. Throws ModelRegistryError where it is not registered."""
        if not _VERSION.fullmatch(version):
            raise ModelRegistryError(f"{version!r} is no version of a model")
        try:
            return dict(json.loads((self._folder / version / "manifest.json").read_text()))
        except FileNotFoundError:
            raise ModelRegistryError(f"no model {version} in {self._folder}") from None

    def list(self) -> Iterator[Entry]:
        """Every registered model, the oldest first."""
        names = [path.name for path in self._folder.iterdir()] if self._folder.is_dir() else []
        manifests = [self.manifest(name) for name in names if _VERSION.fullmatch(name)]
        holders = {role: self.holder(role) for role in ROLES}
        for manifest in sorted(manifests, key=lambda m: (m["createdAt"], m["version"])):
            version = manifest["version"]
            yield Entry(version, manifest, tuple(role for role in ROLES if holders[role] == version))


def _period(value: int, name: str) -> str | int:
    return value if name == "delay" else datetime.fromtimestamp(value / 1000, timezone.utc).isoformat()


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False, allow_nan=False)


def _write(file: Path, text: str) -> None:
    with file.open("w", encoding="utf-8") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
