"""What routes ask for by name: the house, a session, the caller."""

from collections.abc import Iterator
from typing import Annotated, cast

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy.orm import Session

from api.auth import Identity, authenticate
from api.house import House
from core.db import reading, transaction

bearer = HTTPBearer(auto_error=False, description="An API key; the first start prints one.")
header = APIKeyHeader(name="X-API-Key", auto_error=False)


def _house(request: Request) -> House:
    return cast("House", request.app.state.house)


HouseDep = Annotated[House, Depends(_house)]


def _caller(
    house: HouseDep,
    authorization: Annotated[HTTPAuthorizationCredentials | None, Security(bearer)],
    key: Annotated[str | None, Security(header)],
) -> Identity:
    with reading(house.sessions) as session:
        return authenticate(session, authorization.credentials if authorization else key)


Caller = Annotated[Identity, Depends(_caller)]


def _writing(house: HouseDep, _caller: Caller) -> Iterator[Session]:
    with transaction(house.sessions) as session:
        yield session


def _reading(house: HouseDep, _caller: Caller) -> Iterator[Session]:
    with reading(house.sessions) as session:
        yield session


# Scope "function": the commit comes before the answer, so that a 202 is never a lie.
WriteSession = Annotated[Session, Depends(_writing, scope="function")]
ReadSession = Annotated[Session, Depends(_reading, scope="function")]
