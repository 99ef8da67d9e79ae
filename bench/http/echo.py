"""The bar to measure against: a bare Starlette server that reads JSON and sends it back."""

import sys

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route


async def echo(request: Request) -> JSONResponse:
    """Give back what came."""
    return JSONResponse(await request.json())


application = Starlette(routes=[Route("/", echo, methods=["POST"])])

if __name__ == "__main__":
    uvicorn.run(
        application,
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        lifespan="off",
        access_log=False,
        log_level="warning",
    )
