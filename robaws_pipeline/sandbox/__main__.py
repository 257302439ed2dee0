"""``python -m robaws_pipeline.sandbox``."""

from robaws_pipeline.sandbox.command import sandbox

if __name__ == "__main__":
    sandbox()
