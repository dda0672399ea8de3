# SPDX-License-Identifier: MIT
"""Makes the page of a session: make_page.py RESULTS.json OUT.html"""

import sys

from page import data, document


def write(results, out):
    with open(out, "w", encoding="utf-8") as file:
        file.write(document.page(data.load(results)))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    write(*sys.argv[1:])
