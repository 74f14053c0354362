"""What types and ranges cannot say of a configuration: what its values must be to each other."""

from collections.abc import Callable

from exporter.config.address import is_host, parse_address
from exporter.config.error import ConfigError
from exporter.config.sections import Config, Ingest, Pricing

Blame = Callable[[str, str], ConfigError]
"""(path, reason) -> the error, in the words of the source at fault."""


def check(config: Config, blame: Blame) -> None:
    """Raise the error that `blame` makes of the first thing that cannot be."""
    _check_addresses(config, blame)
    _check_queue(config.ingest, blame)
    _check_hosts(config, blame)
    _check_paths(config, blame)
    _check_pricing(config.pricing, blame)


def _check_addresses(config: Config, blame: Blame) -> None:
    addresses = [(f"web.listen_address[{i}]", a) for i, a in enumerate(config.web.listen_address)]
    if config.ingest.listen_address is not None:
        addresses.append(("ingest.listen_address", config.ingest.listen_address))
    taken: set[tuple[str | None, int]] = set()
    for path, address in addresses:
        try:
            parsed = parse_address(address)
        except ValueError as invalid:
            raise blame(path, str(invalid)) from None
        if parsed in taken:
            raise blame(path, "given twice")
        if parsed[1]:  # Port 0 is another one each time.
            taken.add(parsed)


def _check_queue(ingest: Ingest, blame: Blame) -> None:
    # A push that is allowed but larger than the queue would be told "later" for ever.
    if ingest.queue_events_max < ingest.events_per_batch_max:
        raise blame("ingest.queue_events_max", "expected at least events_per_batch_max")
    if ingest.queue_bytes_max < ingest.body_bytes_max:
        raise blame("ingest.queue_bytes_max", "expected at least body_bytes_max")


def _check_hosts(config: Config, blame: Blame) -> None:
    for i, host in enumerate(config.web.hosts_allowed):
        if not is_host(host):
            raise blame(f"web.hosts_allowed[{i}]", "expected a host name, without a port")


def _check_paths(config: Config, blame: Blame) -> None:
    paths = {
        "web.config_file": config.web.config_file,
        "ingest.token_file": config.ingest.token_file,
        "storage.path": config.storage.path,
    }
    for path, name in paths.items():
        if name is not None and "\0" in name:
            raise blame(path, "expected a path, without a null character")


def _check_pricing(pricing: Pricing, blame: Blame) -> None:
    taken: set[str] = set()
    for i, model in enumerate(pricing.models):
        if model.match in taken:
            raise blame(f"pricing.models[{i}].match", "given twice")
        taken.add(model.match)
