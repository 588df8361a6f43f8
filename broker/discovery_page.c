/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The discovery log on its way to the worker that shows it: sealed, so that it can be read and
 * nothing else.
 */
#include "config.h"

#include <stdlib.h>
#include <unistd.h>

#include "broker/broker.h"

int
discovery_send(struct session *s)
{
	const struct broker *b = s->broker;
	struct discovery_view v = { .config = b->config, .listening = b->listening,
	    .nlistening = b->nlistening, .hostnqn = s->record->hostnqn, .peer = s->peer,
	    .local = s->local, .listener = s->listener };
	struct discovery_page page = discovery_build(&v);
	struct ipc_page m = { .generation = page.generation, .size = page.size };
	int fd;

	if (page.data == NULL)
		return (-1);
	if (page.left_out > 0)
		logline(s, LOG_WARNING, "give the host fewer subsystems, or use fewer listeners",
		    "its discovery log is full: %zu entries are left out", page.left_out);
	fd = ipc_sealed("cellblock-discovery", page.data, page.size);
	free(page.data);
	if (fd == -1)
		return (-1);
	SESSION_SEND_FD(s, PAGE, &m, &fd);
	close(fd);
	return (0);
}
