"""An administrator who writes export files, for tests."""

from __future__ import annotations

import os
import uuid
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from connectors.directory.file.config import FileConfig
from connectors.directory.file.connector import FileDirectory
from contracts.directory import NOW, context
from fakes.in_process import in_process

HEADER = "ObjectGUID,DisplayName,mobile,Enabled\r\n"


def guid(number: int) -> str:
    return str(uuid.UUID(int=number))


def rows(*numbers: int, name: str = "Zoë") -> str:
    return HEADER + "".join(f"{guid(n)},{name} {n},07700 900{n % 1000:03},True\r\n" for n in numbers)


def directory(
    folder: Path, path: str = "people.csv", *, region: str = "GB", now: datetime = NOW, **config: object
) -> FileDirectory:
    settings = FileConfig.model_validate({"path": path, **config})
    about = replace(context("export", folder), default_region=region, now=lambda: now)
    return FileDirectory(settings, about, in_process)


def write(file: Path, content: str | bytes, at: datetime = NOW) -> Path:
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    os.utime(file, (at.timestamp(), at.timestamp()))
    return file
