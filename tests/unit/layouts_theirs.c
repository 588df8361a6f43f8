/* SPDX-License-Identifier: BSD-2-Clause */
/* The right side of the pairs, from libnvme's headers. */
#include "config.h"

#include <libnvme.h>

#include "tests/unit/layouts.h"

#define S(os, ts) { #ts, 0, sizeof(struct ts) },
#define F(os, of, ts, tf) { #ts "." #tf, offsetof(struct ts, tf), sizeof(((struct ts *)0)->tf) },
#define C(o, t) { #t, (uint64_t)(t), 0 },

const struct layout layouts_theirs[] = {
	LAYOUT_STRUCTS(S, F)
	LAYOUT_STATUSES(C)
	LAYOUT_NUMBERS(C)
};

const size_t layouts_ntheirs = sizeof(layouts_theirs) / sizeof(layouts_theirs[0]);
