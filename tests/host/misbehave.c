/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs the tables of misbehaviours, as TAP. Each row has a connection of its own; after each, a
 * witness that is connected all the time must find nothing amiss, and a newcomer must be served.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/host/misbehave.h"

enum { WAIT_MS = 5000, WAIT_SLOW_MS = 90000 };

static const struct mis_table *const tables[] = {
	&mis_rows_icreq, &mis_rows_header, &mis_rows_digest, &mis_rows_capsule,
	&mis_rows_h2cdata, &mis_rows_connect, &mis_rows_property, &mis_rows_admin, &mis_rows_io,
};

enum { NTABLES = sizeof(tables) / sizeof(tables[0]) };

struct runner {
	const struct settings *settings;
	struct host_ctrl witness;
	struct host_ns	 ns;
	bool		 has_io;
	unsigned	 number, failed;
};

/* Bring the row's connection to its level. */
static int
set_up(struct mis *m, const struct mis_row *r)
{
	struct host_queue *q;

	if (r->level >= L_CONNECTED) {
		if (host_ctrl_connect(&m->ctrl, &m->opts) == -1 ||
		    (r->level >= L_ENABLED && host_ctrl_enable(&m->ctrl) == -1) ||
		    (r->level >= L_IO && host_ctrl_open_io(&m->ctrl) == -1))
			return (mis_fail(m, "%s", m->ctrl.error.text));
		m->q = r->level >= L_IO ? m->ctrl.io[0] : m->ctrl.admin;
		if (r->level >= L_IO && host_ns_open(m->ctrl.admin, m->ns.nsid, &m->ns) == -1)
			return (mis_fail(m, "%s", m->ctrl.admin->conn.error.text));
		return (0);
	}
	q = m->q = m->own = host_queue_new(0, 32, &m->opts);
	if (q == NULL)
		return (mis_fail(m, "out of memory"));
	if (r->level >= L_GREETED ? host_queue_open(q, &m->opts) : host_queue_dial(q, &m->opts))
		return (mis_fail(m, "%s", q->conn.error.text));
	return (0);
}

/* A TermReq quotes the header that was wrong. */
static bool
quotes_offender(const struct mis *m)
{
	const struct host_conn *c = &m->q->conn;
	size_t n = c->rx_len < m->pdu_len ? c->rx_len : m->pdu_len;

	return (memcmp(c->term, m->pdu, n) == 0);
}

/* What does the target do? */
static struct mis_outcome
observe(struct mis *m)
{
	int64_t deadline = host_now_ms() + m->wait_ms;
	const struct host_error *e = &m->q->conn.error;

	while (e->fault == HOST_NONE && host_now_ms() < deadline) {
		if (m->watch != NULL && m->watch->complete)
			return ((struct mis_outcome){X_STATUS, m->watch->status & ST_SC_MASK,
			    m->watch->dw0});
		if (m->watch_ready && m->q->conn.ready)
			return ((struct mis_outcome){X_STATUS, 0, 0});
		host_queue_wait(&m->q, 1, 20);
	}
	if (e->fault == HOST_NONE)
		return ((struct mis_outcome){X_SILENT, 0, 0});
	if (e->fault == HOST_CLOSED)
		return ((struct mis_outcome){X_CLOSE, 0, 0});
	snprintf(m->why, sizeof(m->why), "%s", e->text);
	if (e->fault != HOST_TERMREQ)
		return ((struct mis_outcome){X_VIOLATION, 0, 0});
	if (!quotes_offender(m)) {
		snprintf(m->why, sizeof(m->why), "the C2HTermReq does not quote what was sent");
		return ((struct mis_outcome){X_VIOLATION, 0, 0});
	}
	if (m->fei != NULL && get32(m->fei, 0) != e->fei) {
		snprintf(m->why, sizeof(m->why), "FEI is %#x, the digest was %#x", e->fei,
		    get32(m->fei, 0));
		return ((struct mis_outcome){X_VIOLATION, 0, 0});
	}
	return ((struct mis_outcome){X_TERM, e->fes, e->fei});
}

static bool
fits(const struct mis_outcome *x, const struct mis_outcome *o)
{
	return (x->kind == o->kind && (x->a == X_ANY || x->a == o->a) &&
	    (x->b == X_ANY || x->b == o->b));
}

static bool
is_expected(const struct mis_row *r, const struct mis_outcome *o)
{
	for (unsigned i = 0; i < MIS_EXPECT; i++)
		if (r->expect[i].kind != X_NONE && fits(&r->expect[i], o))
			return (true);
	return (false);
}

static void
format_part(char *to, size_t size, uint32_t v, const char *fmt)
{
	if (v == X_ANY)
		snprintf(to, size, "any");
	else if (fmt[1] == 'u')
		snprintf(to, size, "%u", v);
	else
		snprintf(to, size, "%#x", v);
}

static void
print_outcome(const struct mis_outcome *o, const char *why)
{
	char a[16], b[16];

	format_part(a, sizeof(a), o->a, o->kind == X_TERM ? "%u" : "%x");
	format_part(b, sizeof(b), o->b, o->kind == X_TERM ? "%u" : "%x");
	if (o->kind == X_TERM)
		printf("C2HTermReq FES %s FEI %s", a, b);
	else if (o->kind == X_STATUS && o->b == X_ANY)
		printf("status %s (%s)", a, host_status_name((uint16_t)o->a));
	else if (o->kind == X_STATUS)
		printf("status %s DW0 %s (%s)", a, b, host_status_name((uint16_t)o->a));
	else if (o->kind == X_CLOSE)
		printf("close");
	else
		printf("%s", o->kind == X_SILENT ? "silence" : why);
}

/* After an answer the same queue must go on as if nothing had been. */
static int
check_queue(struct mis *m, const struct mis_row *r, const struct mis_outcome *o)
{
	struct host_cmd cmd;
	uint64_t value;

	if (o->kind != X_STATUS || r->level < L_CONNECTED || (r->flags & R_GONE) ||
	    m->q == m->own)
		return (0);
	m->watch = NULL;
	host_fill_flush(&cmd, m->ns.nsid);
	if (m->q->qid == 0 ? host_prop_get(m->q, PROP_VS, 4, &value) : host_run(m->q, &cmd)) {
		mis_fail(m, "its queue afterwards: %s", m->q->conn.error.text);
		return (-1);
	}
	return (0);
}

/* The others: one who was there before, and one who comes now. */
static int
check_others(struct runner *t, struct mis *m)
{
	struct host_ctrl newcomer;
	struct host_cmd cmd;
	int ret = 0;

	t->witness.kato_last = 0;
	if (host_ctrl_keep_alive(&t->witness) == -1) {
		mis_fail(m, "the witness: %s", t->witness.error.text);
		return (-1);
	}
	if (t->has_io) {
		host_fill_read(&cmd, t->ns.nsid, 0, 1, m->buf, t->ns.block);
		if (host_run(t->witness.io[0], &cmd) == -1) {
			mis_fail(m, "the witness: %s", t->witness.io[0]->conn.error.text);
			return (-1);
		}
	}
	if (host_ctrl_open(&newcomer, &t->witness.opts) == -1 ||
	    host_ctrl_shutdown(&newcomer) == -1) {
		mis_fail(m, "a newcomer: %s", newcomer.error.text);
		ret = -1;
	}
	host_ctrl_close(&newcomer);
	return (ret);
}

static struct mis_outcome
run_row(const struct runner *t, struct mis *m, const struct mis_row *r)
{
	int e;

	if ((r->level == L_IO || (r->flags & R_NVM)) && !t->has_io) {
		mis_skip(m, "not on a discovery controller");
		return ((struct mis_outcome){X_SKIP, 0, 0});
	}
	if ((r->flags & R_DISCOVERY) && t->has_io) {
		mis_skip(m, "only on a discovery controller");
		return ((struct mis_outcome){X_SKIP, 0, 0});
	}
	if ((r->flags & R_MDTS) && t->witness.mdts >= MIS_BUF_MAX) {
		mis_skip(m, "MDTS is not below 4 MiB");
		return ((struct mis_outcome){X_SKIP, 0, 0});
	}
	if (set_up(m, r) != 0) {
		/* Digests are the target's to grant. */
		bool denied = (r->flags & R_DIGEST) && strstr(m->why, "refused the") != NULL;

		return ((struct mis_outcome){denied ? X_SKIP : X_SETUP, 0, 0});
	}
	if ((e = r->send(m, r)) != 0)
		return ((struct mis_outcome){e == MIS_SKIP ? X_SKIP : X_SETUP, 0, 0});
	return (observe(m));
}

static void
tear_down(struct mis *m)
{
	host_ctrl_close(&m->ctrl);
	host_queue_free(m->own);
	free(m->buf);
	free(m->pdu);
}

static void
report(struct runner *t, const struct mis_table *tab, const struct mis_row *r, struct mis *m,
    const struct mis_outcome *o, bool ok)
{
	t->failed += !ok;
	printf("%sok %u - %s/%s", ok ? "" : "not ", ++t->number, tab->name, r->name);
	if (o->kind == X_SKIP)
		printf(" # SKIP %s\n", m->why);
	else
		printf("\n# ");
	if (o->kind != X_SKIP) {
		print_outcome(o, m->why);
		puts("");
	}
	if (ok)
		return;
	if (is_expected(r, o)) {
		printf("# but %s\n", m->why);
		return;
	}
	for (unsigned i = 0; i < MIS_EXPECT && r->expect[i].kind != X_NONE; i++) {
		printf("#   %s ", i == 0 ? "expected" : "or");
		print_outcome(&r->expect[i], "");
		puts("");
	}
}

static void
run_one(struct runner *t, const struct mis_table *tab, const struct mis_row *r)
{
	struct mis m = {.opts = t->settings->host, .ns.nsid = (uint32_t)t->settings->nsid,
	    .wait_ms = r->flags & R_SLOW ? WAIT_SLOW_MS : WAIT_MS};
	struct mis_outcome o;
	bool ok;

	m.own = NULL;
	m.opts.hdgst = m.opts.ddgst = (r->flags & R_DIGEST) != 0;
	m.buf = calloc(1, MIS_BUF_MAX);
	m.pdu = calloc(1, MIS_PDU_MAX);
	if (m.buf == NULL || m.pdu == NULL) {
		mis_fail(&m, "out of memory");
		o = (struct mis_outcome){X_SETUP, 0, 0};
	} else {
		o = run_row(t, &m, r);
	}
	ok = o.kind == X_SKIP || (is_expected(r, &o) && check_queue(&m, r, &o) == 0);
	if (m.buf != NULL && o.kind != X_SKIP && check_others(t, &m) == -1)
		ok = false;
	report(t, tab, r, &m, &o, ok);
	tear_down(&m);
}

static bool
is_chosen(const struct settings *s, const struct mis_table *tab, const struct mis_row *r)
{
	size_t n = strlen(tab->name);
	const char *arg = s->arg[0];

	if (strcmp(arg, "all") == 0 || strcmp(arg, tab->name) == 0)
		return (!(r->flags & R_SLOW) || s->slow);
	return (strncmp(arg, tab->name, n) == 0 && arg[n] == '/' &&
	    strcmp(arg + n + 1, r->name) == 0);
}

/* Call for each chosen row; returns how many. */
static unsigned
for_each(struct runner *t, void (*call)(struct runner *, const struct mis_table *,
    const struct mis_row *))
{
	unsigned n = 0;

	for (unsigned i = 0; i < NTABLES; i++)
		for (unsigned k = 0; k < tables[i]->nrows; k++)
			if (is_chosen(t->settings, tables[i], &tables[i]->row[k])) {
				if (call != NULL)
					call(t, tables[i], &tables[i]->row[k]);
				n++;
			}
	return (n);
}

static int
print_list(void)
{
	for (unsigned i = 0; i < NTABLES; i++)
		for (unsigned k = 0; k < tables[i]->nrows; k++)
			printf("%s/%s\n", tables[i]->name, tables[i]->row[k].name);
	return (EXIT_OK);
}

static int
open_witness(struct runner *t)
{
	struct host_ctrl *w = &t->witness;
	struct host_opts o = t->settings->host;

	o.hdgst = o.ddgst = false;
	if (o.kato_ms == 0)
		o.kato_ms = 120000;
	if (host_ctrl_open(w, &o) == -1)
		return (say_error(&w->error, &w->refusal));
	t->has_io = w->identify[111] != 2;
	if (!t->has_io)
		return (EXIT_OK);
	if (host_ctrl_open_io(w) == -1)
		return (say_error(&w->error, &w->refusal));
	if (host_ns_open(w->admin, (uint32_t)t->settings->nsid, &t->ns) == -1)
		return (say_queue_error(w->admin));
	return (EXIT_OK);
}

int
cmd_misbehave(struct settings *s, struct host_ctrl *h)
{
	struct runner t = {.settings = s};
	unsigned n;
	int status;

	(void)h;
	if (strcmp(s->arg[0], "list") == 0 || strcmp(s->arg[0], "LIST") == 0)
		return (print_list());
	if ((n = for_each(&t, NULL)) == 0)
		return (say_usage("misbehave: no '%s'; see misbehave list", s->arg[0]));
	if ((status = open_witness(&t)) == EXIT_OK) {
		printf("1..%u\n", n);
		for_each(&t, run_one);
		status = t.failed > 0 ? EXIT_FAULT : EXIT_OK;
	}
	host_ctrl_close(&t.witness);
	return (status);
}
