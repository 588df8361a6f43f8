/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When it is looked whether devices and files have grown or shrunk: now and then while there are
 * controllers that could be told, and when somebody asks (cellblockctl rescan).
 */
#include "config.h"

#include "broker/broker.h"

static bool
has_controllers(struct broker *b)
{
	struct session *s;

	RB_FOREACH(s, session_tree, &b->sessions)
		if (!s->gone && s->phase == SESSION_CONTROLLER && !s->record->discovery)
			return (true);
	return (false);
}

void
resize_look(struct broker *b)
{
	for (size_t i = 0; i < b->nbackends; i++)
		if (b->backends[i].state == NS_ONLINE && b->backends[i].path_index != NO_PATH)
			backend_measure(&b->backends[i]);
}

void
resize_poll(struct broker *b)
{
	if (has_controllers(b))
		resize_look(b);
}
