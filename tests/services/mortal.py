"""Runs ``manage.py`` commands in forks of a process already warm, each with the death it was given.

Orders come one JSON object a line: ``argv``, ``log``, and ``statements`` or ``seconds`` after which SIGKILL strikes.
What became of each is answered the same way. See ``killing.py``, which starts it.
"""

from __future__ import annotations

import faulthandler
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

COUNTED = 0


def count_statements(last: int | None) -> None:
    """Count every statement and commit of this process, and die right after the ``last`` one."""
    from django.db import connection

    def one_more() -> None:
        global COUNTED
        COUNTED += 1
        if last is not None and last <= COUNTED:
            os.kill(os.getpid(), signal.SIGKILL)

    def executed(execute: Any, *statement: Any) -> Any:
        result = execute(*statement)
        one_more()
        return result

    def committed(commit: Any = connection._commit) -> None:  # type: ignore[attr-defined]
        commit()
        one_more()

    connection.execute_wrappers.append(executed)
    connection._commit = committed  # type: ignore[attr-defined, method-assign]


def run(order: dict[str, Any], answer: int) -> None:
    """In the fork: the command from its first line to its end; never returns."""
    from django.core.management import execute_from_command_line

    code = 1
    try:
        with Path(order["log"]).open("a", encoding="utf-8") as log:
            sys.stdout = sys.stderr = log
            faulthandler.dump_traceback_later(120, file=log, exit=True)  # a deadlock tells where
            count_statements(order.get("statements"))
            try:
                execute_from_command_line(["manage.py", *order["argv"]])
                code = 0
            except SystemExit as left:
                code = int(left.code or 0)
            os.write(answer, str(COUNTED).encode())
    except BaseException as error:
        os.write(2, f"{error!r}\n".encode())
    finally:
        os._exit(code)


def obey(order: dict[str, Any]) -> dict[str, Any]:
    read, write = os.pipe()
    start = time.perf_counter()
    child = os.fork()
    if child == 0:
        os.close(read)
        run(order, write)
    os.close(write)
    if "seconds" in order:
        time.sleep(order["seconds"])
        os.kill(child, signal.SIGKILL)  # harmless when it is over: not waited for yet
    status = os.waitpid(child, 0)[1]
    with os.fdopen(read, "rb") as pipe:
        counted = pipe.read()
    return {
        "killed": os.WIFSIGNALED(status),
        "code": -1 if os.WIFSIGNALED(status) else os.WEXITSTATUS(status),
        "statements": int(counted or 0),
        "seconds": time.perf_counter() - start,
    }


def main() -> None:
    import django

    django.setup()
    import matchmaker.sync  # noqa: F401  what every import needs, loaded once

    for line in sys.stdin:
        print(json.dumps(obey(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
