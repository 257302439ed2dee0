"""The process behind `server.process`: its plan comes on standard input, whose end ends it."""

import gc
import sys
import threading
from typing import Any

import msgspec

from robaws_pipeline.sandbox.server import serve
from robaws_pipeline.sandbox.switches import Switches
from robaws_pipeline.sandbox.world import build_world


def main() -> None:
    """Serve as the first line of standard input says; the base URL goes to standard output."""
    plan = msgspec.json.decode(sys.stdin.buffer.readline(), type=dict[str, Any])
    # Hundreds of thousands of small objects that all stay: looking for garbage among them costs a third of the time.
    gc.disable()
    world = build_world(**plan["world"])
    until = threading.Event()

    def wait_for_the_parent() -> None:
        # The other end of the pipe closes when the parent closes it or dies.
        sys.stdin.buffer.read()
        until.set()

    def ready(base_url: str) -> None:
        gc.freeze()
        gc.enable()
        sys.stdout.write(base_url + "\n")
        sys.stdout.flush()

    threading.Thread(target=wait_for_the_parent, daemon=True).start()
    serve(world, port=plan["port"], switches=Switches(**plan["switches"]), ready=ready, warm=plan["warm"], until=until)


if __name__ == "__main__":
    main()
