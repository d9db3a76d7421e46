"""Profile a shared workload: python profile.py --framework torch --device cuda."""

import sys

if __name__ == "__main__":
    try:
        from profilers.cli import main
    except ModuleNotFoundError as error:
        print(f"error: {error.name} is missing: activate .venv, or see README.md.", file=sys.stderr)
        sys.exit(2)
    sys.exit(main())

if __name__ == "profile":
    # Here, `import profile` finds this file and not Python's module of that name, which
    # cProfile needs, and so does every torch optimizer. Become that module.
    from importlib.machinery import SourceFileLoader
    from sysconfig import get_path

    stdlib = SourceFileLoader("profile", f"{get_path('stdlib')}/profile.py")
    stdlib.exec_module(sys.modules["profile"])
