"""The boards, one a file."""

from typing import Final

from deploy.grafana.generator.boards import (
    cost_and_tokens,
    exporter_health,
    live_ops,
    models,
    slo,
)
from deploy.grafana.generator.looks import Json

BOARDS: Final[tuple[Json, ...]] = (
    live_ops.board(),
    models.board(),
    cost_and_tokens.board(),
    slo.board(),
    exporter_health.board(),
)
