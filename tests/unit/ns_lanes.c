/* SPDX-License-Identifier: BSD-2-Clause */
/* Changes of a namespace while commands begin and end on every lane, each a thread of its own. */
#include "config.h"

#include <fcntl.h>
#include <string.h>

#include "tests/unit/unit.h"
#include "worker/worker.h"

#define LANES	3u
#define CHANGES	200u

static struct lane lanes[LANES_MAX];
static struct controller ctrl;
static unsigned fenced;

static const struct ipc_hello hello = { .memory = 1 << 20, .max_transfer = 65536, .lanes = LANES,
	.engine = ENGINE_AUTO, .engine_threads = 1 };

void	__wrap_ask_fenced(uint64_t);

/* In order, because each change waits for commands that end before those of a later one begin. */
void
__wrap_ask_fenced(uint64_t fence)
{
	assert_int_equal(fence, fenced + 1);
	fenced++;
}

/* One command: it begins on its lane and ends in a later turn of it. */
struct command {
	struct mail mail;
	struct lane *lane;
	struct ns *ns;
	unsigned turns;
	bool back;
};

static void
command_back(struct mail *m)
{
	((struct command *)m->arg)->back = true;
}

static void
command_goes_on(struct mail *m)
{
	struct command *c = m->arg;

	if (c->ns == NULL) {
		c->ns = ns_find(c->lane->ns, 1);
		ns_pin(c->lane, c->ns);
		m->deliver = command_back;	/* lane 0 says when it ends */
	} else {
		ns_unpin(c->lane, c->ns);
		c->ns = NULL;
		m->deliver = command_back;
	}
	mail_post(c->lane, &lanes[0], m);
}

static void
go_on(struct command *c)
{
	c->back = false;
	c->mail = (struct mail){ .deliver = command_goes_on, .arg = c };
	mail_post(&lanes[0], c->lane, &c->mail);
	while (!c->back)
		assert_int_equal(lane_turn(&lanes[0], -1), 0);
}

static void
changes_under_commands(void **state)
{
	struct ipc_ns id = { .nsid = 1, .block_size = 512, .nlbas = 8 };
	struct command commands[LANES] = { 0 };

	(void)state;
	assert_int_equal(ns_add(&ctrl, &id, open("/dev/null", O_RDWR)), 0);
	for (unsigned i = 0; i < LANES; i++)
		commands[i].lane = &lanes[i];
	for (unsigned n = 1; n <= CHANGES; n++) {
		for (unsigned i = 0; i < LANES; i++)
			go_on(&commands[i]);
		id.fence = n;
		id.nlbas++;
		if (n % 3 == 0)
			assert_int_equal(ns_add(&ctrl, &id, open("/dev/null", O_RDWR)), 0);
		else
			assert_int_equal(ns_change(&ctrl, &id), 0);
		assert_int_equal(lanes[0].ns->at[0].ns->id.nlbas, 8 + n);
		for (unsigned i = 0; i < LANES; i++) {
			assert_int_equal(fenced, n - 1);	/* one is still at it */
			go_on(&commands[i]);
		}
		while (fenced < n)
			assert_int_equal(lane_turn(&lanes[0], -1), 0);
	}
}

static int
setup(void **state)
{
	(void)state;
	if (lanes_start(lanes, &hello) == -1)
		return (-1);
	ctrl.lane = &lanes[0];
	return (0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(changes_under_commands),
	};

	return (cmocka_run_group_tests(tests, setup, NULL));
}
