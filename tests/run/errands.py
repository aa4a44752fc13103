"""What the tests of Ray have done on its nodes: a function of a test could not be imported there, those of this module can."""

import os
import time
from pathlib import Path
from uuid import uuid4


def wait(folder):
    """Leave a file that says which process is here, on which node, and stay until there is one called `go`."""
    import ray

    own = Path(folder) / f"{uuid4()}.here"
    written = own.with_suffix(".partial")
    written.write_text(f"{os.getpid()} {ray.get_runtime_context().get_node_id()}")
    written.rename(own)
    while not (Path(folder) / "go").exists():
        time.sleep(0.01)
    return "went"


def die(tries):
    """End the process as often as `tries` says: the path of a file that remembers, and how often."""
    path, times = tries
    with Path(path).open("a") as file:
        file.write("x")
        file.flush()
        if file.tell() <= times:
            os._exit(9)
    return file.name


def late(item):
    """The number of an item, given with a folder; that of the first comes when the third has begun, after the end of the second."""
    folder, number = item
    (Path(folder) / str(number)).touch()
    while number == 0 and not (Path(folder) / "2").exists():
        time.sleep(0.01)
    return number
