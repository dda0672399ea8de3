#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Makes a page a constant of C: embed.py PAGE HEADER."""
import sys

with open(sys.argv[1], 'rb') as page, open(sys.argv[2], 'w') as header:
    header.write('static const char live_page[] = {\n')
    data = page.read() + b'\0'
    for at in range(0, len(data), 16):
        header.write(''.join('%d,' % b for b in data[at:at + 16]) + '\n')
    header.write('};\n')
