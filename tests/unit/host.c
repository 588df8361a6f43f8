/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The test host against a small target in this process: controllers, queues, both ways of data,
 * digests and alignments, and that wrong data is found.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/host/host.h"
#include "tests/host/loop.h"
#include "tests/host/spec.h"

static const struct loop_opts plain = { .maxh2cdata = 131072, .r2t_len = 131072, .c2h_len = 131072,
	.ioccsz = 4 + 8192 / 16 };
static char port[8];

static struct host_opts
start(const struct loop_opts *l)
{
	struct host_opts o;
	int p = loop_start(l);

	assert_true(p > 0);
	snprintf(port, sizeof(port), "%d", p);
	host_opts_default(&o);
	o.port = port;
	return (o);
}

static void
open_all(struct host_ctrl *h, const struct host_opts *o)
{
	if (host_ctrl_open(h, o) == -1 || host_ctrl_open_io(h) == -1)
		fail_msg("%s", h->error.text);
}

/* Every block once: written, then read, 1 to 40 blocks at a time. */
struct pass { uint64_t at; bool writing; uint32_t generation; };

static bool
next(struct host_load *l, struct host_job *j)
{
	struct pass *p = l->arg;
	uint32_t nlb = (uint32_t)(1 + (p->at * 7 + 3) % 40);

	if (p->at == LOOP_BLOCKS)
		return (false);
	j->lba = p->at;
	j->nlb = nlb < LOOP_BLOCKS - p->at ? nlb : (uint32_t)(LOOP_BLOCKS - p->at);
	p->at += j->nlb;
	for (uint32_t i = 0; p->writing && i < j->nlb; i++)
		host_pattern_fill(j->buf + (size_t)i * LOOP_BLOCK, LOOP_BLOCK, j->lba + i, 1,
		    p->generation);
	(p->writing ? host_fill_write : host_fill_read)(&j->cmd, 1, j->lba, j->nlb, j->buf,
	    j->nlb * LOOP_BLOCK);
	return (true);
}

static int
check(struct host_load *l, struct host_job *j)
{
	struct pass *p = l->arg;

	return (host_load_check(l, j, 1, p->writing ? NULL : &p->generation));
}

/* Write and read everything; returns the fault that reading found. */
static enum host_fault
write_and_read(struct host_ctrl *h, uint32_t generation)
{
	struct pass p = { 0, true, generation };
	enum host_fault fault;
	struct host_load l;

	assert_int_equal(host_load_open(&l, h, 1, 65536), 0);
	l.next = next;
	l.check = check;
	l.arg = &p;
	if (host_load_run(&l) == -1)
		fail_msg("%s", l.error.text);
	p = (struct pass){ 0, false, generation };
	host_load_run(&l);
	fault = l.error.fault;
	if (fault == HOST_NONE)
		assert_int_equal(l.bytes, 2 * LOOP_BLOCKS * LOOP_BLOCK);
	host_load_close(&l);
	return (fault);
}

static void
run(const struct loop_opts *l, void (*change)(struct host_opts *), enum host_fault expect)
{
	static uint32_t generation;
	struct host_ctrl h;
	struct host_opts o = start(l);

	if (change != NULL)
		change(&o);
	open_all(&h, &o);
	assert_int_equal(write_and_read(&h, ++generation), expect);
	if (expect == HOST_NONE)
		assert_int_equal(host_ctrl_shutdown(&h), 0);
	host_ctrl_close(&h);
	loop_stop();
}

static void
with_queues(struct host_opts *o)
{
	o->queues = 4;
	o->depth = 200;
}

static void
with_digests(struct host_opts *o)
{
	o->hdgst = o->ddgst = true;
	o->hpda = 31;
	o->maxr2t = 3;
	o->queues = 2;
	o->kato_ms = 30;
}

static void
with_little(struct host_opts *o)
{
	o->no_sqflow = true;
	o->depth = 2;
	o->hpda = 17;
}

static void
data_both_ways(void **state)
{
	struct loop_opts l = plain;

	(void)state;
	run(&plain, NULL, HOST_NONE);
	run(&plain, with_queues, HOST_NONE);
	run(&plain, with_little, HOST_NONE);
	l.maxh2cdata = 4096;
	l.r2t_len = 6144;
	l.c2h_len = 5120;
	l.cpda = 31;
	l.ioccsz = 4;
	run(&l, with_digests, HOST_NONE);
	run(&l, with_queues, HOST_NONE);
	l.cpda = 17;
	run(&l, with_digests, HOST_NONE);
	run(&l, with_little, HOST_NONE);
}

static void
wrong_data_is_found(void **state)
{
	struct loop_opts l = plain;

	(void)state;
	l.flip_lba = 1234;
	run(&l, NULL, HOST_PATTERN);
}

static void
refusal_is_told(void **state)
{
	struct host_opts o = start(&plain);
	struct host_ctrl h;

	(void)state;
	o.subnqn = "nqn.2014-08.org.nvmexpress:other";
	assert_int_equal(host_ctrl_open(&h, &o), -1);
	assert_int_equal(h.error.fault, HOST_REFUSED);
	assert_int_equal(h.refusal.status, ST_PARAMETER | ST_DNR);
	assert_int_equal(h.refusal.iattr, 1);
	assert_int_equal(h.refusal.ipo, CONN_SUBNQN);
	host_ctrl_close(&h);
	loop_stop();
}

static void
status_is_no_fault(void **state)
{
	struct host_opts o = start(&plain);
	struct host_ctrl h;
	struct host_cmd cmd;
	uint8_t buf[LOOP_BLOCK];

	(void)state;
	open_all(&h, &o);
	host_fill_read(&cmd, 1, LOOP_BLOCKS, 1, buf, sizeof(buf));
	assert_int_equal(host_queue_exec(h.io[0], &cmd), 0);
	assert_int_equal(cmd.status, ST_LBA | ST_DNR);
	host_fill_read(&cmd, 1, LOOP_BLOCKS - 1, 1, buf, sizeof(buf));
	assert_int_equal(host_run(h.io[0], &cmd), 0);
	host_ctrl_close(&h);
	loop_stop();
}

static void
blocks_know_their_place(void **state)
{
	uint8_t a[4096], b[4096];
	char why[160];

	(void)state;
	host_pattern_fill(a, 4096, 5, 6, 7);
	assert_true(host_pattern_check(a, 4096, 5, 6, 7, why, sizeof(why)));
	assert_false(host_pattern_check(a, 4096, 4, 6, 7, why, sizeof(why)));
	assert_false(host_pattern_check(a, 4096, 5, 5, 7, why, sizeof(why)));
	assert_false(host_pattern_check(a, 4096, 5, 6, 6, why, sizeof(why)));
	assert_false(host_pattern_check(a, 512, 5, 6, 7, why, sizeof(why)));
	host_pattern_fill(b, 4096, 5, 6, 7);
	memset(b + 2048, 0, 512);
	assert_false(host_pattern_check(b, 4096, 5, 6, 7, why, sizeof(why)));
	memset(b, 0, sizeof(b));
	assert_false(host_pattern_check(b, 4096, 5, 6, 7, why, sizeof(why)));
	assert_string_equal(why, "LBA 5 is all zero");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blocks_know_their_place),
		cmocka_unit_test(data_both_ways),
		cmocka_unit_test(wrong_data_is_found),
		cmocka_unit_test(refusal_is_told),
		cmocka_unit_test(status_is_no_fault),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
