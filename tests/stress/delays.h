/* SPDX-License-Identifier: MIT */
#ifndef TESTS_STRESS_DELAYS_H
#define TESTS_STRESS_DELAYS_H

/* A file, or FILE:LINE; NULL: everywhere. See points.c. */
void delays_only_in(const char *where);

#endif
