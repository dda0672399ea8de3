/* SPDX-License-Identifier: MIT */
#ifndef FUZZ_INPUT_H
#define FUZZ_INPUT_H
/* The bytes of one run, read as small numbers; behind the end all are 0. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct input {
	const uint8_t *at;
	const uint8_t *end;
};

static inline bool input_is_over(const struct input *input)
{
	return input->at == input->end;
}

static inline unsigned input_byte(struct input *input)
{
	return input_is_over(input) ? 0 : *input->at++;
}

/* 0 .. limit-1; limit is 256 at most */
static inline unsigned input_below(struct input *input, unsigned limit)
{
	return input_byte(input) % limit;
}

#endif
