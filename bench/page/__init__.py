# SPDX-License-Identifier: MIT
"""The report as one page: HTML, CSS and SVG, nothing to load and no script."""
