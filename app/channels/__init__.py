"""Ways to tell people what happens, one file each. To add one: a file here that has a `CHANNEL`, and its name in
`_FILES`."""

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType

from app.channels.declaring import Channel
from app.core.declaration import declare_channel

_FILES = ("webhook", "mail", "hook", "chat", "push")
_CHANNELS: dict[str, Channel] = {}


def channels() -> Mapping[str, Channel]:
    """All channels, by name."""
    return MappingProxyType(_CHANNELS)


def _load(file: str) -> None:
    found: Channel = import_module(f"app.channels.{file}").CHANNEL
    declare_channel(found.name, found.options)
    _CHANNELS[found.name] = found


for _file in _FILES:
    _load(_file)
