/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs the tables of conformance, as TAP, one line per row; prints them with --list. Rows share a
 * controller as long as it is as good as new: what a row may have changed or broken is not shared.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/host/conform.h"

const struct conf_table *const conf_tables[] = {
#define X(name) &conf_table_##name,
	CONF_TABLES(X)
#undef X
};

enum { NTABLES = sizeof(conf_tables) / sizeof(conf_tables[0]) };
const unsigned conf_ntables = NTABLES;

/* ---- the controller that rows share ---- */

static void
let_go(struct conf *c)
{
	if (c->open)
		host_ctrl_close(&c->ctrl);
	host_ctrl_close(&c->second);
	c->open = false;
}

static int
learn_namespaces(struct conf *c)
{
	static const uint32_t nsids[] = { N_RAM, N_FILE, N_READONLY, N_SMALL };

	c->nn = get32(c->ctrl.identify, 516);
	for (unsigned i = 0; i < sizeof(nsids) / sizeof(nsids[0]); i++)
		if (host_ns_open(c->ctrl.admin, nsids[i], &c->ns[nsids[i]]) == -1)
			return (conf_fail(c, "namespace %u: %s", nsids[i],
			    c->ctrl.admin->conn.error.text));
	return (0);
}

static int
take_up(struct conf *c, enum conf_place place)
{
	bool io;

	if (c->open && c->at == place)
		return (0);
	let_go(c);
	c->open = true;
	c->at = place;
	if (host_ctrl_connect(&c->ctrl, &c->settings->host) == -1)
		return (conf_fail(c, "%s", c->ctrl.error.text));
	if (place == P_DISABLED)
		return (0);
	if (host_ctrl_enable(&c->ctrl) == -1)
		return (conf_fail(c, "%s", c->ctrl.error.text));
	io = c->ctrl.identify[111] == 1;
	if (io && c->ns[N_RAM].block == 0 && learn_namespaces(c) == -1)
		return (-1);
	if (place == P_IO && host_ctrl_open_io(&c->ctrl) == -1)
		return (conf_fail(c, "%s", c->ctrl.error.text));
	return (0);
}

/* ---- judgement ---- */

static bool
fits(uint16_t want, uint16_t status)
{
	uint16_t mask = want & W_ANY_DNR ? ST_SC_MASK : W_MASK;

	return (((want ^ status) & mask) == 0);
}

static bool
is_wanted(const struct conf_row *r, uint16_t status)
{
	if (fits(r->want, status))
		return (true);
	for (unsigned i = 0; i < 2; i++)
		if (r->or[i] != 0 && (r->or[i] == W_SUCCESS ? status == 0 : fits(r->or[i], status)))
			return (true);
	return (false);
}

/* Some statuses are one thing for Fabrics commands and another for all others. */
static const char *
status_name(const struct conf_row *r, uint16_t status)
{
	return ((status & ST_SC_MASK) == ST_SIZE_LIMIT && r->opc != OPC_FABRICS ?
	    "Command Size Limit Exceeded" : host_status_name(status));
}

static void
print_status(const struct conf_row *r, uint16_t s)
{
	uint16_t status = s == W_SUCCESS ? 0 : s & W_MASK;

	printf("%s", status_name(r, status));
	if ((status & ST_SC_MASK) != 0)
		printf(" (%xh/%02xh%s)", status >> 8 & 7, status & 0xff,
		    s & W_ANY_DNR ? "" : status & ST_DNR ? ", DNR" : ", no DNR");
}

static void
print_wanted(const struct conf_row *r)
{
	print_status(r, r->want);
	for (unsigned i = 0; i < 2; i++)
		if (r->or[i] != 0) {
			printf(" or ");
			print_status(r, r->or[i]);
		}
}

/* After an answer the queue must go on as if nothing had been; a Flush may meet a reservation. */
static int
goes_on(struct conf *c)
{
	struct host_queue *q = c->ctrl.admin;
	uint64_t value;

	if (c->ctrl.nio > 0) {
		host_fill_flush(&c->other[0], N_RAM);
		if (host_queue_exec(c->ctrl.io[0], &c->other[0]) == -1)
			return (conf_fail(c, "its I/O queue afterwards: %s",
			    c->ctrl.io[0]->conn.error.text));
	}
	if (host_prop_get(q, PROP_VS, 4, &value) == -1)
		return (conf_fail(c, "its admin queue afterwards: %s", q->conn.error.text));
	return (0);
}

static int
judge(struct conf *c, const struct conf_row *r)
{
	const char *wrong;

	if (!is_wanted(r, c->cmd.status))
		return (conf_fail(c, "status %#x (%s)", c->cmd.status,
		    status_name(r, c->cmd.status)));
	if (c->cmd.status == 0 && r->check != NULL && (wrong = r->check(c, r)) != NULL)
		return (conf_fail(c, "%s", wrong));
	return (r->flags & C_GONE ? 0 : goes_on(c));
}

static int
run_row(struct conf *c, const struct conf_row *r)
{
	int ret;

	c->why[0] = '\0';
	if (r->flags & C_FRESH)
		let_go(c);
	if (take_up(c, r->place) == -1) {
		let_go(c);
		return (-1);
	}
	c->q = r->place == P_IO && !(r->flags & C_ADMIN) ? c->ctrl.io[0] : c->ctrl.admin;
	memset(&c->cmd, 0, sizeof(c->cmd));
	ret = (r->run != NULL ? r->run : conf_plain)(c, r);
	if (ret == 0)
		ret = judge(c, r);
	memset(c->buf, 0, c->cmd.len > SPEC_IDENTIFY_LEN ? CONF_BUF : SPEC_IDENTIFY_LEN);
	if (ret != 0 || (r->flags & (C_FRESH | C_GONE)))
		let_go(c);
	return (ret);
}

/* ---- choosing, listing, running ---- */

/* GROUP or GROUP/ROW; without, all that the controller can have. */
static bool
is_chosen(const struct settings *s, unsigned table, const struct conf_row *r)
{
	const struct conf_table *t = conf_tables[table];
	size_t n = strlen(t->name);

	if (s->group == NULL)
		return (t->discovery == (strcmp(s->host.subnqn, HOST_DISCOVERY_NQN) == 0));
	if (strcmp(s->group, t->name) == 0)
		return (true);
	return (strncmp(s->group, t->name, n) == 0 && s->group[n] == '/' &&
	    strcmp(s->group + n + 1, r->name) == 0);
}

static int
print_list(const struct settings *s)
{
	for (unsigned i = 0; i < NTABLES; i++)
		for (unsigned k = 0; k < conf_tables[i]->nrows; k++) {
			const struct conf_row *r = &conf_tables[i]->row[k];

			if (s->group != NULL && !is_chosen(s, i, r))
				continue;
			printf("%s/%s\t", conf_tables[i]->name, r->name);
			print_wanted(r);
			printf("\t%s\n", r->section != NULL ? r->section : conf_tables[i]->section);
		}
	return (EXIT_OK);
}

static void
report(unsigned number, const struct conf_table *t, const struct conf_row *r, const struct conf *c,
    bool ok)
{
	printf("%sok %u - %s/%s\n", ok ? "" : "not ", number, t->name, r->name);
	if (ok)
		return;
	printf("# %s\n#   expected ", c->why);
	print_wanted(r);
	printf(": %s\n", r->section != NULL ? r->section : t->section);
}

int
cmd_conform(struct settings *s, struct host_ctrl *h)
{
	struct conf c = { .settings = s };
	unsigned n = 0, failed = 0;

	(void)h;
	if (s->list)
		return (print_list(s));
	if ((c.buf = calloc(1, CONF_BUF)) == NULL)
		return (EXIT_FAULT);
	for (unsigned i = 0; i < NTABLES; i++)
		for (unsigned k = 0; k < conf_tables[i]->nrows; k++) {
			const struct conf_row *r = &conf_tables[i]->row[k];
			bool ok;

			if (!is_chosen(s, i, r))
				continue;
			ok = run_row(&c, r) == 0;
			failed += !ok;
			report(++n, conf_tables[i], r, &c, ok);
		}
	let_go(&c);
	free(c.buf);
	if (n == 0)
		return (say_usage("conform: no '%s'; see conform --list", s->group));
	printf("1..%u\n", n);
	return (failed > 0 ? EXIT_FAULT : EXIT_OK);
}
