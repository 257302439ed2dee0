"""The work of a load without Dagster: ``plain_steps.py SETTINGS FIRST LAST``."""

import sys

from robaws_pipeline.periods import months_between
from robaws_pipeline.settings import load
from robaws_pipeline.steps import build, fetch
from robaws_pipeline.steps.workspace import Workspace


def main() -> None:
    settings = load(sys.argv[1])
    months = months_between(sys.argv[2], sys.argv[3])
    for key in settings.companies:
        workspace = Workspace.of(settings, key)
        fetch.fetch_reference(workspace)
        fetched = fetch.fetch_history(workspace, months)
        if fetched.errors:
            sys.exit("\n".join(fetched.errors))
        build.build_reference(workspace)
        build.build_documents(workspace, months)
        build.build_journal(workspace, months)
        build.build_exports(workspace, months)
        build.build_warehouse(workspace)


if __name__ == "__main__":
    main()
