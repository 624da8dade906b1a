"""python -m bench [core]: every benchmark, or one."""

import sys

from bench import core

if __name__ == "__main__":
    if sys.argv[1:2] not in ([], ["core"]):
        sys.exit(f"There is no benchmark '{sys.argv[1]}'; there is: core")
    core.main()
