/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a configuration to BROKER_READY, in this order: say what the warden has to know, hear what
 * it holds, claim what is new (through openers: they go on when this broker is confined), make
 * what cannot be made later (identities, RAM disks, sockets), confine, say ready. A device that
 * does not answer is not waited for.
 */
#include "config.h"

#include <sys/resource.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broker/broker.h"
#include "broker/identity.h"
#include "common/sandbox.h"

#define MAX_FILES 65536		/* three of each worker, one of each namespace; the hard limit rules */

/* The warden did not know the settings when it wrote our jail. */
static void
complete_jail(struct broker *b)
{
	struct ipc_jail *j = &b->jail;

	j->require = b->config->service.sandbox == CONFIG_SANDBOX_REQUIRE;
	if (!j->change_ids)
		return;
	j->uid = b->config->service.uids.first;
	if (b->owner == 0)
		j->gid = j->uid;
}

static void
confine(struct broker *b)
{
	struct sandbox s = { .jail = &b->jail, .root = b->root, .max_files = MAX_FILES,
	    .max_fsize = UINT64_MAX };
	char why[256], names[128];
	struct ipc_ready ready;

	complete_jail(b);
	if (sandbox_enter(&s, &ready, why, sizeof(why)) == -1)
		broker_fatal("%s", why);
	if (ready.missing != 0)
		log_print(LOG_NOTICE, "the broker runs without these layers: %s",
		    sandbox_layer_names(ready.missing, names, sizeof(names)));
}

/* For whoever typed "serve", once in the life of the service. */
static void
print_how_to_connect(const struct broker *b)
{
	if (!b->fresh || !b->serve)
		return;
	config_print_connect_lines(stdout, b->config);
	fflush(stdout);
}

static void
finish(void *ctx)
{
	struct broker *b = ctx;

	if (b->phase != BROKER_CLAIMING)
		return;
	timer_stop(b->start);
	if (listen_open_all(b) == -1)
		broker_fatal("not every listener can be had");
	b->control = listen_control(b);
	print_how_to_connect(b);
	dup2(STDIN_FILENO, STDOUT_FILENO);	/* /dev/null: no channel shall get this number */
	b->phase = BROKER_CONFINED;
	confine(b);
	warden_ready(b);
}

void
start_claims_done(struct broker *b)
{
	timer_set(b->start, 0);
}

void
start_held_end(struct broker *b)
{
	b->phase = BROKER_CLAIMING;
	reserve_start(b);
	backends_start(b);
	timer_set(b->start, backends_pending(b) ? START_CLAIMS_MS : 0);
}

void
start_run(struct broker *b)
{
	loop_init();
	TAILQ_INIT(&b->held);
	TAILQ_INIT(&b->jobs);
	TAILQ_INIT(&b->drains);
	RB_INIT(&b->sessions);
	b->fresh = true;
	b->start = timer_new(finish, b);
	listener_init(b);
	warden_open(b);
	warden_settings(b);
	backends_init(b);
	reserve_init(b);
	loop_run();
}
