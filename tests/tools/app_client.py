"""An app in a process of its own: posts reports, prints each answer, and may be killed.

    python -m tests.tools.app_client same  DATABASE_URL DATA_DIR COUNT KEY
    python -m tests.tools.app_client other DATABASE_URL DATA_DIR COUNT

`same` posts one report COUNT times at once; `other` posts COUNT different ones after each other.
It prints `ready`, waits for a line on its input, and then writes one line of JSON per answer.
"""

from __future__ import annotations

import json
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.functional.api import Api
from tests.installation import Installation, make_settings


def say(**values: Any) -> None:
    sys.stdout.write(json.dumps(values) + "\n")
    sys.stdout.flush()


def post(api: Api, key: str) -> None:
    answer = api.post(Idempotency_Key=key, status="*")
    say(key=key, status=answer.status_int, body=answer.json)


def main(kind: str, url: str, data_dir: str, count: str, key: str = "") -> None:
    installation = Installation(make_settings(url, Path(data_dir)))
    api = Api(installation)
    say(ready=True)
    sys.stdin.readline()
    if kind == "same":
        with ThreadPoolExecutor(int(count)) as pool:
            list(pool.map(lambda _: post(api, key), range(int(count))))
    else:
        for _ in range(int(count)):
            post(api, str(uuid.uuid4()))
    installation.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
