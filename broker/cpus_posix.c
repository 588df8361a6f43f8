/* SPDX-License-Identifier: BSD-2-Clause */
/* How many processors the service may run on: those that are there. */
#include "config.h"

#include <unistd.h>

#include "broker/config_parse.h"

unsigned
cpus_usable(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return (n > 0 ? (unsigned)n : 1);
}
