/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The extra rows of an ordinary build: none. A sanitizer build has sandbox_rules_sanitizers.c in
 * this one's place.
 */
#include "config.h"

#include "common/sandbox_rules.h"

const struct sandbox_rule sandbox_rules_extra[1] = { { .name = "none", .nr = -1 } };
const uint32_t sandbox_rules_extra_count = 0;
