"""Read by gunicorn where it is started, without being named."""

from typing import Any


def post_worker_init(worker: Any) -> None:  # noqa: ARG001
    """The first visitor does not wait for the compiled search."""
    from config.warm import warm_aside

    warm_aside()
