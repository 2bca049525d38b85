"""``python -m admin``."""

from admin.cli import main
from runtime.process import run

if __name__ == "__main__":
    run(main, "admin")
