"""Runs a command; prints its seconds on the clock and of the processors, and the most memory of one of its processes in bytes, as JSON."""

import json
import resource
import subprocess
import sys
import time

start = time.perf_counter()
subprocess.run(sys.argv[1:], stdout=sys.stderr, check=True)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps({
    'seconds': time.perf_counter() - start,
    'cpuSeconds': used.ru_utime + used.ru_stime,
    'peakBytes': used.ru_maxrss * 1024,
}))  # fmt: skip
