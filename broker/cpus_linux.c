/* SPDX-License-Identifier: BSD-2-Clause */
/* How many processors the service may run on: its affinity, which a service manager may narrow. */
#include "config.h"

#include <sched.h>

#include "broker/config_parse.h"

unsigned
cpus_usable(void)
{
	cpu_set_t set;
	int n;

	if (sched_getaffinity(0, sizeof(set), &set) == -1)	/* more of them than a set has */
		return (CONFIG_LANES_AUTO_MAX);
	n = CPU_COUNT(&set);
	return (n > 0 ? (unsigned)n : 1);
}
