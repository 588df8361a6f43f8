/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Process titles, through libbsd's setproctitle, which wants its environment copied early.
 */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/nqn.h"
#include "common/title.h"

static const char *title_role = "";

void
title_init(const char *role, int argc, char **argv, char **envp)
{
	title_role = role;
	setproctitle_init(argc, argv, envp);
	title_set("starting");
}

void
title_set(const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	setproctitle("-%s: %s", title_role, text);
}

void
title_set_host(const char *hostnqn, uint16_t cntlid, unsigned queues)
{
	char safe[400];

	escape_text(safe, sizeof(safe), hostnqn);
	title_set("%s cntlid %u, %u queue%s", safe, cntlid, queues, queues == 1 ? "" : "s");
}
