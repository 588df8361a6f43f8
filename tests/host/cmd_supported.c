/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the target supports, as a page of Markdown: its own logs 00h, 05h and 12h, which it makes of
 * the tables that it works by, Identify by trying, and how many rows of conformance each has.
 * doc/SUPPORTED.md is this, checked by tests/x_supported.sh.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "tests/host/conform.h"

enum { PAGE = 4096, NWHAT = 256 };

/* Of one controller: opcodes of admin and I/O commands, log pages, features, CNS. */
struct shown {
	bool		 admin[NWHAT], io[NWHAT], log[NWHAT], feature[NWHAT], cns[NWHAT];
	uint32_t	 can[NWHAT];	/* capabilities of features */
};

static int
get_log(struct host_ctrl *h, uint8_t lid, uint32_t len, uint8_t *page)
{
	struct host_cmd cmd;

	host_fill_log(&cmd, lid, 0, page, len);
	return (host_run(h->admin, &cmd));
}

static void
take(bool *to, const uint8_t *page)
{
	for (unsigned i = 0; i < NWHAT; i++)
		to[i] = (get32(page, 4 * i) & 1) != 0;
}

/* A CNS is there if it is answered with something else than Invalid Field. */
static int
try_identify(struct host_ctrl *h, struct shown *s)
{
	uint8_t page[PAGE];
	struct host_cmd cmd;

	for (unsigned cns = 0; cns < NWHAT; cns++) {
		host_fill_identify(&cmd, (uint8_t)cns, 0, page, sizeof(page));
		put16(cmd.sqe, SQE_CDW10 + 2, 0xffff);	/* CNTID: this controller */
		cmd.flags = HOST_F_SHORT;
		if (host_queue_exec(h->admin, &cmd) == -1)
			return (-1);
		s->cns[cns] = (cmd.status & ST_SC_MASK) != ST_FIELD;
	}
	return (0);
}

static int
try_features(struct host_ctrl *h, struct shown *s)
{
	struct host_cmd cmd;

	for (unsigned fid = 0; fid < NWHAT; fid++) {
		if (!s->feature[fid])
			continue;
		host_fill_get_feature(&cmd, (uint8_t)fid);
		put32(cmd.sqe, SQE_CDW10, fid | 3 << 8);
		if (host_queue_exec(h->admin, &cmd) == -1)
			return (-1);
		s->can[fid] = cmd.status == 0 ? cmd.dw0 : 0;
	}
	return (0);
}

static int
look(const struct host_opts *o, struct shown *s)
{
	struct host_ctrl h = { 0 };
	uint8_t page[PAGE];
	int ret = -1;

	if (host_ctrl_open(&h, o) == -1)
		ret = say_error(&h.error, &h.refusal);
	else if (get_log(&h, 5, PAGE, page) == -1)
		ret = say_queue_error(h.admin);
	else {
		take(s->admin, page);
		take(s->io, page + 1024);
		if (get_log(&h, 0, 1024, page) == 0)
			take(s->log, page);
		if (get_log(&h, 0x12, 1024, page) == 0)
			take(s->feature, page);
		ret = try_identify(&h, s) == -1 || try_features(&h, s) == -1 ?
		    say_queue_error(h.admin) : EXIT_OK;
	}
	host_ctrl_close(&h);
	return (ret);
}

/* ---- the page ---- */

struct kind {
	const char	*title, *column;
	size_t		 offset;	/* in struct shown */
	uint8_t		 opc;		/* rows are of this opcode, with the number in CDW10; or */
	enum { BY_CDW10, BY_OPC_ADMIN, BY_OPC_IO } by;
	const struct conf_name *name;
};

static bool
is_of(const struct kind *k, const struct conf_row *r, unsigned number)
{
	bool io = r->place == P_IO && !(r->flags & C_ADMIN);

	if (k->by == BY_CDW10)
		return (r->opc == k->opc && (r->cdw10 & 0xff) == number && !io);
	return (r->opc == number && io == (k->by == BY_OPC_IO) &&
	    (r->opc != 0 || r->script == NULL));
}

static unsigned
count_rows(const struct kind *k, unsigned number)
{
	unsigned n = 0;

	for (unsigned i = 0; i < conf_ntables; i++)
		for (unsigned j = 0; j < conf_tables[i]->nrows; j++)
			n += is_of(k, &conf_tables[i]->row[j], number);
	return (n);
}

static const char *
name_of(const struct conf_name *names, unsigned number)
{
	for (; names->name != NULL; names++)
		if (names->number == number)
			return (names->name);
	return ("?");
}

static const char *
yes(bool b)
{
	return (b ? "yes" : "");
}

static void
print_kind(const struct kind *k, const struct shown *io, const struct shown *discovery)
{
	const bool *a = (const bool *)((const uint8_t *)io + k->offset);
	const bool *b = (const bool *)((const uint8_t *)discovery + k->offset);

	printf("\n## %s\n\n| %s | | I/O | discovery | rows |\n|---|---|---|---|---|\n", k->title,
	    k->column);
	for (unsigned i = 0; i < NWHAT; i++)
		if (a[i] || b[i])
			printf("| %02Xh | %s | %s | %s | %u |\n", i, name_of(k->name, i), yes(a[i]),
			    yes(b[i]), count_rows(k, i));
}

/* Features have more to say: what log 12h and Select 011b tell. */
static void
print_features(const struct kind *k, const struct shown *io, const struct shown *discovery)
{
	printf("\n## %s\n\n| %s | | I/O | discovery | changeable | of a namespace | rows |\n"
	    "|---|---|---|---|---|---|---|\n", k->title, k->column);
	for (unsigned i = 0; i < NWHAT; i++) {
		uint32_t can = io->can[i] | discovery->can[i];

		if (io->feature[i] || discovery->feature[i])
			printf("| %02Xh | %s | %s | %s | %s | %s | %u |\n", i, name_of(k->name, i),
			    yes(io->feature[i]), yes(discovery->feature[i]), yes((can & 4) != 0),
			    yes((can & 2) != 0), count_rows(k, i));
	}
}

static void
print_tables(void)
{
	puts("\n## Conformance\n\n| group | what | rows | section |\n|---|---|---|---|");
	for (unsigned i = 0; i < conf_ntables; i++)
		printf("| %s | %s | %u | %s |\n", conf_tables[i]->name, conf_tables[i]->about,
		    conf_tables[i]->nrows, conf_tables[i]->section);
}

int
cmd_supported(struct settings *s, struct host_ctrl *h)
{
	static struct shown io, discovery;
	static const struct kind kinds[] = {
		{ "Admin commands", "opcode", offsetof(struct shown, admin), 0, BY_OPC_ADMIN,
		    conf_admin_names },
		{ "I/O commands", "opcode", offsetof(struct shown, io), 0, BY_OPC_IO,
		    conf_io_names },
		{ "Identify", "CNS", offsetof(struct shown, cns), OPC_IDENTIFY, BY_CDW10,
		    conf_cns_names },
		{ "Log pages", "LID", offsetof(struct shown, log), OPC_GET_LOG, BY_CDW10,
		    conf_log_names },
	};
	static const struct kind features = { "Features", "FID", offsetof(struct shown, feature),
		OPC_GET_FEATURES, BY_CDW10, conf_feature_names };
	struct host_opts o = s->host;
	int status;

	(void)h;
	if ((status = look(&o, &io)) != EXIT_OK)
		return (status);
	o.subnqn = HOST_DISCOVERY_NQN;
	if ((status = look(&o, &discovery)) != EXIT_OK)
		return (status);
	puts("# What is supported\n\nMade by `make supported` of what the target itself says "
	    "(logs 00h, 05h, 12h), and of the\ntables that it is tested by: do not edit.");
	for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		print_kind(&kinds[i], &io, &discovery);
	print_features(&features, &io, &discovery);
	print_tables();
	return (EXIT_OK);
}
