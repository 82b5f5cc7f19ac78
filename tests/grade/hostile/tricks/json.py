raise SystemExit("mine, not the one of Python")
