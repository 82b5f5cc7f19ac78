"""A PostgreSQL database for a test, where ``TEST_POSTGRES_URL`` names a server."""

import os
from collections.abc import Iterator
from uuid import uuid4

import psycopg
import pytest


@pytest.fixture
def database() -> Iterator[str]:
    """The address of a new and empty database, dropped at the end."""
    server_url = os.environ["TEST_POSTGRES_URL"]
    name = f"library_{uuid4().hex}"
    with psycopg.connect(server_url, autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}"')
        yield f"{server_url.rpartition('/')[0]}/{name}"
        server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
