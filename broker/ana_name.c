/* SPDX-License-Identifier: BSD-2-Clause */
/* ANA states as people write them: see ana.h. */
#include "config.h"

#include <string.h>

#include "broker/ana.h"
#include "common/nvme.h"

static const char *const names[] = {
	[0] = "configured",
	[NVME_ANA_OPTIMIZED] = "optimized",
	[NVME_ANA_NON_OPTIMIZED] = "non-optimized",
	[NVME_ANA_INACCESSIBLE] = "inaccessible",
	[NVME_ANA_PERSISTENT_LOSS] = "persistent-loss",
	[NVME_ANA_CHANGE] = "change",
};

const char *
ana_state_name(uint32_t state)
{
	return (state < sizeof(names) / sizeof(names[0]) ? names[state] : NULL);
}

int
ana_state_number(const char *name)
{
	for (int i = 0; i < (int)(sizeof(names) / sizeof(names[0])); i++)
		if (names[i] != NULL && strcmp(names[i], name) == 0)
			return (i);
	return (-1);
}
