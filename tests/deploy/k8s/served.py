"""What the flags and files of a manifest come to, by the exporter's own reading of them."""

from pathlib import Path

from exporter.cli.flags import Parser, settings
from exporter.cli.serve import add_flags
from exporter.config import Config, load, parse_address, read_file
from tests.deploy.k8s.manifests import Manifest

MOUNTED_CONFIG = "/etc/agent-exporter/exporter.yml"


def config_of(container: Manifest, file: Path) -> Config:
    """Return the configuration of a container whose ConfigMap is made of `file`."""
    command, *flags = container["args"]
    assert command == "serve"
    parser = Parser("serve", "", examples=())
    add_flags(parser)
    options = parser.parse(flags)
    assert options.config_file == MOUNTED_CONFIG
    return load(
        yaml_text=read_file(file), environ={}, flags=settings(options), directory=file.parent
    )


def ports_of(config: Config) -> tuple[set[int], set[int]]:
    """Return the ports that are bound for others, and those for the pod's own containers."""
    addresses = [*config.web.listen_address]
    if config.ingest.listen_address is not None:
        addresses.append(config.ingest.listen_address)
    bound = [parse_address(address) for address in addresses]
    return (
        {port for host, port in bound if host != "127.0.0.1"},
        {port for host, port in bound if host == "127.0.0.1"},
    )
