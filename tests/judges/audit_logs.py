"""`audit_log.py` over many exports in one process: reads its arguments as a line of JSON each, prints [status, text]."""

import json
import sys

from audit_log import judge

for line in sys.stdin:
    print(json.dumps(judge(json.loads(line))))
