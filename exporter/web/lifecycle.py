"""`POST /-/reload`: reloads the configuration, where that is enabled."""

import logging
from collections.abc import Awaitable, Callable

from aiohttp import web

from exporter.config import ConfigError
from exporter.event.rejection import Code, Refusal
from exporter.web.problem import Problem, problem

log = logging.getLogger(__name__)


class LifecycleRoutes:
    """Calls `reload`, which raises `ConfigError`; where it is `None`, tells that it may not."""

    def __init__(self, *, reload: Callable[[], Awaitable[None]] | None) -> None:
        self._reload = reload

    def add_to(self, app: web.Application) -> None:
        """Serve the routes from this application."""
        app.router.add_post("/-/reload", self.reload)
        app.router.add_put("/-/reload", self.reload)

    async def reload(self, _request: web.Request) -> web.Response:
        """Answer once the new configuration is in force, or why the old one stays."""
        if self._reload is None:
            raise Refusal(Code.FORBIDDEN, "Lifecycle API is not enabled.")
        try:
            await self._reload()
        except ConfigError as error:
            log.error("configuration not reloaded", extra={"fields": {"reason": str(error)}})  # noqa: TRY400 - the line says all there is
            return problem(
                Problem(
                    title="configuration not reloaded",
                    status=500,
                    code="config_invalid",
                    detail=str(error),
                )
            )
        log.info("configuration reloaded")
        return web.Response(text="ok\n")
