"""``python -m demo``."""

import sys

try:
    from demo.program import main
    from runtime.process import run
except ModuleNotFoundError as missing:
    sys.exit(f"demo: {missing.name} is not installed: run make demo")

if __name__ == "__main__":
    run(main, "demo")
