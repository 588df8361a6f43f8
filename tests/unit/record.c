/* SPDX-License-Identifier: BSD-2-Clause */
/* The record that a new broker believes: whole, of that worker, and possible; or not at all. */
#include "config.h"

#include <sys/socket.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "broker/broker.h"
#include "common/nvme.h"

static int kept = -1;

/* What the room asks of its neighbours. */
void
warden_record(struct broker *b, uint32_t child, int fd)
{
	(void)b;
	assert_int_equal(child, 7);
	if (kept != -1)
		close(kept);
	kept = dup(fd);
}

uint64_t
loop_wall_ms(void)
{
	return (1234);
}

static struct ipc_record
good(void)
{
	struct ipc_record r;

	memset(&r, 0, sizeof(r));
	r.version = IPC_RECORD_VERSION;
	r.kind = RECORD_CONTROLLER;
	r.child = 7;
	r.cntlid = 99;
	r.peer.family = r.local.family = AF_INET;
	snprintf(r.hostnqn, sizeof(r.hostnqn), "nqn.2026-11.example:host");
	snprintf(r.subnqn, sizeof(r.subnqn), "nqn.2026-11.example:sub");
	r.nns = 2;
	r.ns[1].claim[0] = 5;
	return (r);
}

static void
greeter(void **state)
{
	struct session s = { .child = 7, .phase = SESSION_GREETING };
	struct ipc_record r;

	(void)state;
	s.peer.family = s.local.family = AF_INET6;
	s.peer.port = 1;
	assert_int_equal(record_keep(&s), 0);
	assert_int_equal(record_read(kept, 7, &r), 0);
	assert_int_equal(r.kind, RECORD_GREETER);
	assert_int_equal(r.peer.port, 1);
	assert_int_equal(r.since_ms, 1234);
	/* sealed: nobody changes it afterwards */
	assert_int_equal(pwrite(kept, "x", 1, 0), -1);
	assert_int_equal(ftruncate(kept, 0), -1);
	free(s.record);
}

static void
controller(void **state)
{
	struct ipc_record r = good(), back;
	struct session s = { .child = 7, .phase = SESSION_ADMITTING, .record = &r };

	(void)state;
	assert_int_equal(record_keep(&s), 0);
	assert_int_equal(record_read(kept, 7, &back), 0);
	assert_memory_equal(&back, &r, sizeof(r));
	assert_int_equal(record_read(kept, 8, &back), -1);
}

static void
names(void **state)
{
	struct ipc_record r = good();
	uint8_t key[HELD_KEY_SIZE] = { 5 };

	(void)state;
	assert_true(record_names(&r, key));
	key[31] = 1;
	assert_false(record_names(&r, key));
	key[31] = 0;
	r.nns = 1;
	assert_false(record_names(&r, key));
}

static void
impossible(void **state)
{
	struct ipc_record r = good();

	(void)state;
	assert_true(record_ok(&r, 7));
#define REFUSED(change) do {		\
	r = good();			\
	change;				\
	assert_false(record_ok(&r, 7));	\
} while (0)
	REFUSED(r.version++);
	REFUSED(r.child = 8);
	REFUSED(r.kind = 0);
	REFUSED(r.kind = 3);
	REFUSED(r.kind = RECORD_GREETER);	/* which has no namespaces */
	REFUSED(r.nns = RECORD_NS_MAX + 1);
	REFUSED(r.cntlid = 0);
	REFUSED(r.cntlid = NVME_CNTLID_MAX + 1);
	REFUSED(r.peer.family = 0);
	REFUSED(r.local.family = AF_UNIX);
	REFUSED(memset(r.hostnqn, 'x', sizeof(r.hostnqn)));
	REFUSED(r.hostnqn[0] = '\0');
	REFUSED(r.subnqn[3] = '\n');
}

static void
cut_off(void **state)
{
	struct ipc_record r = good(), back;
	int fd;

	(void)state;
	fd = ipc_sealed("record", &r, sizeof(r) - 1);
	assert_int_equal(record_read(fd, 7, &back), -1);
	close(fd);
	fd = ipc_sealed("record", &r, 0);
	assert_int_equal(record_read(fd, 7, &back), -1);
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(greeter),
		cmocka_unit_test(controller),
		cmocka_unit_test(names),
		cmocka_unit_test(impossible),
		cmocka_unit_test(cut_off),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
