# SPDX-License-Identifier: MIT
"""What bench/examples/treesum.c prints, by one thread."""
import os
import stat
import sys
import zlib


def kind_and_sum(name, fd):
    mode = os.lstat(name, dir_fd=fd).st_mode
    if stat.S_ISREG(mode):
        with open(os.open(name, os.O_RDONLY, dir_fd=fd), 'rb') as file:
            return b'f', zlib.crc32(file.read())
    if stat.S_ISLNK(mode):
        return b'l', zlib.crc32(os.readlink(name, dir_fd=fd))
    if not stat.S_ISDIR(mode):
        return b'o', 0
    result = 0
    inner = os.open(name, os.O_RDONLY, dir_fd=fd)
    for entry in sorted(os.fsencode(entry) for entry in os.listdir(inner)):
        kind, its = kind_and_sum(entry, inner)
        result = zlib.crc32(
            entry + b'\0' + kind + its.to_bytes(4, 'big'), result)
    os.close(inner)
    return b'd', result


sys.setrecursionlimit(10000)
for path in sys.argv[1:]:
    print('%08x  %s' % (kind_and_sum(os.fsencode(path), None)[1], path))
