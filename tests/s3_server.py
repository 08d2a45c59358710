"""moto's S3 server, with its conditional writes made what S3's are: the look and the write as one.

moto looks whether an object stands there and then writes, and answers every request in a thread of its own: between
the two another thread may write, and of 16 that create an object two now and then do. Here objects are asked for one
request at a time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from moto.s3.responses import S3Response
from moto.server import main

_ONE = threading.Lock()


def _alone(answer: Callable[..., Any]) -> Callable[..., Any]:
    def answered(*asked: Any) -> Any:
        with _ONE:
            return answer(*asked)

    return answered


if __name__ == "__main__":
    for name in ("_key_response", "_bucket_response"):
        setattr(S3Response, name, _alone(getattr(S3Response, name)))
    main()
