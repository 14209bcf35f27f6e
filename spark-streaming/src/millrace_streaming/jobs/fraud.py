"""Entry: everything about fraud that is no stream: `millrace fraud …`."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ..config import Config, duration_ms, read_config
from ..errors import MillraceError, reporting
from ..fraud import DAY, rings
from ..fraud.features import FEATURES, version
from ..fraud.stream import rebuild

_EPILOG = """A SIDE of a comparison is what is not in force: a file of rules, a model's version, champion, challenger, none (no model),
or two of them joined by +, as in rules.yaml+none; `current` is what is in force."""


def _time(text: str) -> int:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no time such as 2026-11-21 or 2026-11-21T10:00") from None
    return int((at if at.tzinfo else at.replace(tzinfo=timezone.utc)).timestamp() * 1000)


def _duration(text: str) -> int:
    if text.endswith("d") and text[:-1].isdigit():
        return int(text[:-1]) * DAY
    try:
        return duration_ms(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} {error}, 7d") from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="millrace fraud", description="Features, rules and models of the fraud scores.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    train = commands.add_parser("train", help="train a model on the lane's orders and register it")
    _span(train)
    train.add_argument("--delay", type=_duration, default="7d", help="how long labels are waited for after the training period (7d)")
    train.add_argument("--test", type=_duration, default="7d", help="length of the test period, at the end (7d)")
    roles = train.add_mutually_exclusive_group()
    roles.add_argument("--promote", action="store_const", const="champion", dest="role", help="put it in force")
    roles.add_argument(
        "--challenge", action="store_const", const="challenger", dest="role", help="let it score beside the champion, in shadow"
    )
    train.add_argument("--dataset", type=Path, help="folder of the dataset: used if it is there, else made and kept")
    train.add_argument("--from-truth", action="store_true", help="learn from the simulator's truth instead of the labels; for experiments")
    train.add_argument("--json", action="store_true", help="for programs")

    models = commands.add_parser("models", help="list the models")
    models.add_argument("--json", action="store_true", help="for programs")
    promote = commands.add_parser("promote", help="put a model in force, or beside the one in force")
    promote.add_argument("version")
    promote.add_argument("--challenge", action="store_true", help="as challenger, in shadow")

    compare = commands.add_parser("compare", help="score the past in two ways and show the difference", epilog=_EPILOG)
    compare.add_argument("a", metavar="SIDE-A")
    compare.add_argument("b", metavar="SIDE-B")
    _span(compare)
    compare.add_argument("--publish", action="store_true", help="put B in force, unless it is worse")
    compare.add_argument("--force", action="store_true", help="put it in force even if it is worse")
    compare.add_argument("--json", action="store_true", help="for programs")

    check = commands.add_parser("check", help="check a file of rules")
    check.add_argument("file", type=Path)
    features = commands.add_parser("features", help="list the features")
    features.add_argument("--json", action="store_true", help="for programs")
    rings.add_command(commands)
    commands.add_parser("rebuild", help="forget the feature state: the job's next start makes it anew from the topics")
    return parser


def _span(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--from", dest="start", type=_time, metavar="TIME", help="event time, UTC unless it says otherwise; default: all there is"
    )
    parser.add_argument("--to", dest="end", type=_time, metavar="TIME")


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; the settings come from the environment (MILLRACE_*). Returns the exit code: 1 where it failed or B is worse."""
    options = _parser().parse_args(arguments)
    return reporting(lambda: _run(read_config(), options))


def _run(config: Config, options: argparse.Namespace) -> int:
    if options.command == "rebuild":
        was = rebuild(config)
        sys.stdout.write(f"lane {config.lane}: {'the state is forgotten' if was else 'there was no state'}; start the job again\n")
        return 0
    if options.command == "features":
        said = [{"name": f.name, "doc": f.doc, "entity": f.entity, "window": f.window, "delay": f.delay} for f in FEATURES]
        _say(options, said, f"catalogue {version()}\n" + "".join(f"{f.name:32}{f.doc}\n" for f in FEATURES))
        return 0
    if options.command == "rings":
        rings.run_command(config, options)
        return 0
    # Training's libraries are not wanted by the commands above.
    try:
        from ..fraud import commands
    except OSError as error:
        raise MillraceError(f"LightGBM does not load ({error}): install OpenMP's library (Debian: apt-get install libgomp1)") from error
    from ..fraud.quality import Costs
    from ..fraud.registry import ModelRegistry, Role

    registry = ModelRegistry(config.fraud_models)
    if options.command == "models":
        entries = list(registry.list())
        lines = [
            f"{e.version}  {e.manifest['createdAt']}  {', '.join(e.roles) or '-':24}{_quality(e.manifest['quality'])}\n" for e in entries
        ]
        _say(
            options,
            [{"version": e.version, "roles": e.roles, **e.manifest} for e in entries],
            "".join(lines) or "no models yet: `millrace fraud train`\n",
        )
    elif options.command == "promote":
        role: Role = "challenger" if options.challenge else "champion"
        registry.promote(options.version, role)
        sys.stdout.write(f"{options.version} is the {role}; a running job takes it over within seconds\n")
    elif options.command == "check":
        sys.stdout.write(f"{options.file}: version {commands.check_rules(config, options.file)}\n")
    elif options.command == "train":
        wanted = commands.TrainOptions(
            options.start, options.end, options.delay, options.test, options.role, options.dataset, options.from_truth, Costs()
        )
        made = commands.train_model(config, wanted)
        holds = f" is the {made['role']}" if made["role"] else ""
        told = f"model {made['version']}{holds}: {_quality(made['quality'])}\ncard: {made['folder']}/card.md\n"
        _say(options, made, told)
    else:
        return _compare(config, options)
    return 0


def _compare(config: Config, options: argparse.Namespace) -> int:
    from ..fraud import commands
    from ..fraud.compare import as_text
    from ..fraud.quality import Costs

    sides = (commands.side_of(config, options.a), commands.side_of(config, options.b))
    said = commands.compare(config, sides, options.start, options.end, Costs())
    _say(options, said, as_text(said, (sides[0].named(), sides[1].named())))
    if not options.publish:
        return 0
    if said["worse"] and not options.force:
        sys.stderr.write("B is worse and was not put in force; --force does it all the same\n")
        return 1
    commands.publish(config, sides[1])
    sys.stderr.write("B is in force; a running job takes it over within seconds\n")
    return 0


def _quality(quality: dict[str, Any]) -> str:
    if not quality:
        return "not measured"
    all_of = quality["overall"]
    figures = (all_of["auc"], all_of["averagePrecision"], all_of["cardPrecision"]["mean"])
    return "AUC {}, average precision {}, card precision {}".format(*map(_number, figures))


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _say(options: argparse.Namespace, data: Any, text: str) -> None:
    sys.stdout.write(json.dumps(data, indent=2, ensure_ascii=False) + "\n" if options.json else text)


if __name__ == "__main__":
    sys.exit(main())
