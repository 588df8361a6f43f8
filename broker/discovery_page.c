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
	struct ipc_page m = { 0 };
	uint8_t *page;
	size_t size;
	int fd;

	if ((page = discovery_build(&v, &size, &m.generation)) == NULL)
		return (-1);
	fd = ipc_sealed("cellblock-discovery", page, size);
	free(page);
	if (fd == -1)
		return (-1);
	m.size = size;
	SESSION_SEND_FD(s, PAGE, &m, &fd);
	close(fd);
	return (0);
}
