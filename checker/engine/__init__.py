"""Runs exercise tests fast, and tells what came of them."""
