#!/bin/bash
# SPDX-License-Identifier: MIT
# usage: html.sh DIRECTORY PYTHON MANUAL.PY ROTA.H: the reference in
# DIRECTORY/html; Doxygen must have nothing to say.
set -e
dir=$1 doxyfile=$(realpath "$(dirname "$0")/Doxyfile")
mkdir -p "$dir/input"
"${@:2}" --doxygen > "$dir/input/rota.h"
cd "$dir/input"
doxygen "$doxyfile"
rm -rf ../html
mv html ..
