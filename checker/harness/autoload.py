"""The entry point for pytest: loads the plugin unless ``-p`` has loaded it already."""

pytest_plugins = ["checker.harness.plugin"]
