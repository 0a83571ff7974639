"""What the pages are made of: the same parts that the API's routes have."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from api.alerting.engine import AlertEngine
from api.bounds import Bounds
from api.catalog.parts import CatalogParts
from api.health.reader import HealthReader
from api.requirements.book import RequirementsBook
from api.routes.dead_letters import Replay
from api.routes.detectors import DetectorViews
from api.web.charts import Drawing
from api.web.rendering import Renderer
from watchkeeper.clock import Clock
from watchkeeper.storage.client import Store


@dataclass(frozen=True, slots=True)
class WebParts:
    """What the pages are made of."""

    reader: Store
    """With limits on each query; for all that is only read."""
    store: Store
    """For what is written."""
    clock: Clock
    bounds: Bounds
    health: HealthReader
    book: RequirementsBook
    renderer: Renderer
    drawing: Drawing
    catalog: CatalogParts | None = None
    """None where this process has no catalogue; so too below."""
    detectors: DetectorViews | None = None
    replay: Replay | None = None
    checks: Callable[[], Mapping[str, str]] = dict
    """Names what of this process does not work, each with a sentence."""
    alerts: AlertEngine | None = None
