/* SPDX-License-Identifier: MIT */
#ifndef ROTA_OPTIONS_H
#define ROTA_OPTIONS_H
#include "rota.h"

/* The caller's options as this version knows them, checked, with every
 * default filled in. 0, -EINVAL, or -E2BIG. */
int options_read(const struct rota_options *options,
		struct rota_options *ret_options);

#endif
