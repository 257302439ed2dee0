"""The Dagster instance that the command line, the daemon and the UI share."""

import os
from importlib import resources
from pathlib import Path

import dagster as dg

from robaws_pipeline.lake import locks
from robaws_pipeline.lake.store import Store

HOME_VARIABLE = "DAGSTER_HOME"


def prepare_home(base: Path) -> Path:
    """Point DAGSTER_HOME at a folder that is ready: the one it names, else ``.dagster`` in `base`.

    A home without ``dagster.yaml`` gets ours. The first opening creates the databases, which two processes must not do
    at the same time.
    """
    home = Path(os.environ.get(HOME_VARIABLE) or base / ".dagster").expanduser().resolve()
    os.environ[HOME_VARIABLE] = str(home)
    home.mkdir(parents=True, exist_ok=True)
    with locks.hold(Store.at(str(home), base), "home"):
        if not (home / "dagster.yaml").exists():
            content = resources.files(__package__).joinpath("dagster.yaml").read_bytes()
            Store.at(str(home), base).write("dagster.yaml", content)
        if not (home / "history" / "runs.db").exists():
            with dg.DagsterInstance.get() as instance:
                instance.get_runs(limit=1)
                instance.event_log_storage.get_concurrency_keys()
                instance.all_instigator_state()
    return home
