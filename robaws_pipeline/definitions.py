"""What Dagster loads: robaws.toml (or the file that ROBAWS_PIPELINE_CONFIG names) in, Definitions out."""

from robaws_pipeline.automation.code_location import definitions
from robaws_pipeline.settings import load

defs = definitions(load())
