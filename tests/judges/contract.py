"""schemathesis against the officers' API: its command, whatever the environment was copied from.

The arguments are schemathesis's own (`schemathesis run --help`); the tests give them.
"""

import sys

from schemathesis.cli import schemathesis

if __name__ == "__main__":
    sys.exit(schemathesis())
