"""The Spark session, and the small JVM helper it needs on its class path."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
import zipfile
from pathlib import Path

import pyspark
from pyspark.sql import SparkSession

from .config import Config
from .errors import ConfigError, HelperBuildError

_JAVA_OPTIONS = "-XX:+UseParallelGC -XX:MaxMetaspaceSize=256m -XX:ReservedCodeCacheSize=160m"
_SOURCES = Path(__file__).resolve().parent / "jvm"


def build_helper(cache: Path, jars: list[Path]) -> Path:
    """Compiles jvm/**/*.scala against `jars` and those of pyspark, whose compiler it is. Kept in the cache by the hash of all that."""
    sources = sorted(_SOURCES.rglob("*.scala"))
    digest = hashlib.sha256("\n".join([pyspark.__version__, *(jar.name for jar in jars)]).encode())
    for source in sources:
        digest.update(source.read_bytes())
    jar = cache / "spark-helper" / f"millrace-helper-{digest.hexdigest()[:16]}.jar"
    if jar.exists():
        return jar
    jar.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=jar.parent) as folder:
        classes = Path(folder) / "classes"
        classes.mkdir()
        class_path = os.pathsep.join(map(str, [*jars, f"{_spark_jars()}/*"]))
        command = [_java(), "-Xss8m", "-Dscala.usejavacp=true", "-cp", class_path, "scala.tools.nsc.Main", "-d", str(classes)]
        run = subprocess.run([*command, *map(str, sources)], capture_output=True, text=True, check=False)
        if run.returncode != 0:
            raise HelperBuildError(f"the JVM helper does not compile:\n{run.stdout}{run.stderr}")
        packed = Path(folder) / "helper.jar"
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted(classes.rglob("*.class")):
                archive.write(file, str(file.relative_to(classes)))
        os.replace(packed, jar)
    return jar


def list_jars(folder: Path) -> list[Path]:
    """The jars that Spark needs beside its own. Throws ConfigError where there are none."""
    jars = sorted(folder.glob("*.jar"))
    if not jars:
        raise ConfigError([f"MILLRACE_SPARK_JARS: no jars in {folder}; `millrace up` fetches them"])
    return jars


def _spark_jars() -> Path:
    return Path(pyspark.__file__).resolve().parent / "jars"


def _java() -> str:
    home = os.environ.get("JAVA_HOME")
    found = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    if not found:
        raise ConfigError(["JAVA_HOME: no java found; Spark needs Java 17 or newer"])
    return found


def open_session(config: Config, job: str = "metrics", cores: int | None = None, heap: str | None = None) -> SparkSession:
    """A session in this process, tuned for short batches on few cores. `cores` (tasks at a time) and `heap`: if not as configured."""
    jars = list_jars(config.spark_jars)
    class_path = os.pathsep.join(map(str, [build_helper(config.cache, jars), *jars]))
    # The JVM's threads would take a malloc arena each, some hundred MB together.
    os.environ.setdefault("MALLOC_ARENA_MAX", "2")
    settings = {
        "spark.driver.extraClassPath": class_path,
        "spark.driver.memory": heap or config.heap,
        "spark.driver.extraJavaOptions": f"{_JAVA_OPTIONS} {config.java_options}",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.adaptive.enabled": "false",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.execution.arrow.maxRecordsPerBatch": "65536",
        "spark.sql.streaming.minBatchesToRetain": "10",
        "spark.sql.streaming.metricsEnabled": "false",
        "spark.hadoop.fs.file.impl": "io.millrace.streaming.NoForkFileSystem",
        "spark.hadoop.fs.AbstractFileSystem.file.impl": "io.millrace.streaming.NoForkAbstractFileSystem",
        # What a record says is never logged, and INFO of Spark is noise.
        "spark.log.level": "ERROR",
    }
    builder = SparkSession.builder.master(f"local[{cores or config.cores}]").appName(f"millrace-{job}-{config.lane}")
    for name, value in settings.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()
