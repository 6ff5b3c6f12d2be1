"""The operator's command line: everything that people do with challenges, from a terminal.

Exit status: 0 done, 1 refused (the reason is one line on standard error), 2 used wrongly.
"""

from __future__ import annotations

from commands.app import main

if __name__ == "__main__":
    main()
