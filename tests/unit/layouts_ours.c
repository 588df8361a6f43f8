/* SPDX-License-Identifier: BSD-2-Clause */
/* The left side of the pairs, from our headers. */
#include "config.h"

#include "common/nvme.h"
#include "tests/unit/layouts.h"

#define S(os, ts) { #os, 0, sizeof(struct os) },
#define F(os, of, ts, tf) { #os "." #of, offsetof(struct os, of), sizeof(((struct os *)0)->of) },
#define C(o, t) { #o, (uint64_t)(o), 0 },

const struct layout layouts_ours[] = {
	LAYOUT_STRUCTS(S, F)
	LAYOUT_STATUSES(C)
	LAYOUT_NUMBERS(C)
};

const size_t layouts_nours = sizeof(layouts_ours) / sizeof(layouts_ours[0]);
