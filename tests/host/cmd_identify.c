/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * id-ctrl, id-ns, list-ns, log, get-feature: what the target says about itself, printed.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/host/nvmehost.h"
#include "tests/host/spec.h"

enum format { TEXT, HEX, DECIMAL, BYTES };

/* A field of an Identify structure: name as the specification spells it, in lower case. */
struct field {
	const char	*name;
	uint16_t	 offset, len;
	enum format	 format;
};

static const struct field ctrl_fields[] = {
	{"vid", 0, 2, HEX},
	{"ssvid", 2, 2, HEX},
	{"sn", 4, 20, TEXT},
	{"mn", 24, 40, TEXT},
	{"fr", 64, 8, TEXT},
	{"cmic", 76, 1, HEX},
	{"mdts", 77, 1, DECIMAL},
	{"cntlid", 78, 2, DECIMAL},
	{"ver", 80, 4, HEX},
	{"oaes", 92, 4, HEX},
	{"ctratt", 96, 4, HEX},
	{"cntrltype", 111, 1, DECIMAL},
	{"oacs", 256, 2, HEX},
	{"acl", 258, 1, DECIMAL},
	{"aerl", 259, 1, DECIMAL},
	{"frmw", 260, 1, HEX},
	{"lpa", 261, 1, HEX},
	{"elpe", 262, 1, DECIMAL},
	{"kas", 320, 2, DECIMAL},
	{"sqes", 512, 1, HEX},
	{"cqes", 513, 1, HEX},
	{"maxcmd", 514, 2, DECIMAL},
	{"nn", 516, 4, DECIMAL},
	{"oncs", 520, 2, HEX},
	{"fuses", 522, 2, HEX},
	{"vwc", 525, 1, HEX},
	{"ocfs", 534, 2, HEX},
	{"sgls", 536, 4, HEX},
	{"subnqn", 768, 256, TEXT},
	{"ioccsz", 1792, 4, DECIMAL},
	{"iorcsz", 1796, 4, DECIMAL},
	{"icdoff", 1800, 2, DECIMAL},
	{"fcatt", 1802, 1, HEX},
	{"msdbd", 1803, 1, DECIMAL},
	{"ofcs", 1804, 2, HEX},
};

static const struct field ns_fields[] = {
	{ "nsze", 0, 8, DECIMAL }, { "ncap", 8, 8, DECIMAL }, { "nuse", 16, 8, DECIMAL },
	{ "nsfeat", 24, 1, HEX }, { "nlbaf", 25, 1, DECIMAL }, { "flbas", 26, 1, DECIMAL },
	{ "nmic", 30, 1, HEX }, { "dlfeat", 33, 1, HEX }, { "nawun", 34, 2, DECIMAL },
	{ "nawupf", 36, 2, DECIMAL }, { "npwg", 64, 2, DECIMAL }, { "npdg", 68, 2, DECIMAL },
	{ "mssrl", 74, 2, DECIMAL }, { "mcl", 76, 4, DECIMAL }, { "msrc", 80, 1, DECIMAL },
	{ "nsattr", 99, 1, HEX }, { "nguid", 104, 16, BYTES }, { "eui64", 120, 8, BYTES },
	{ "lbads", 130, 1, DECIMAL },
};

/* Text of a target is not trusted: only printable ASCII without quotes passes. */
static void
print_text(const uint8_t *p, size_t len)
{
	while (len > 0 && (p[len - 1] == ' ' || p[len - 1] == '\0'))
		len--;
	for (size_t i = 0; i < len; i++)
		putchar(p[i] < 0x20 || p[i] > 0x7e || p[i] == '"' || p[i] == '\\' ? '?' : p[i]);
}

static void
print_value(const struct field *f, const uint8_t *p, bool json)
{
	uint64_t v = 0;

	if (json && f->format != DECIMAL)
		putchar('"');
	for (unsigned i = f->len; (f->format == HEX || f->format == DECIMAL) && i-- > 0;)
		v = v << 8 | p[f->offset + i];
	if (f->format == TEXT)
		print_text(p + f->offset, f->len);
	else if (f->format == HEX)
		printf("%#" PRIx64, v);
	else if (f->format == DECIMAL)
		printf("%" PRIu64, v);
	else
		for (unsigned i = 0; i < f->len; i++)
			printf("%02x", p[f->offset + i]);
	if (json && f->format != DECIMAL)
		putchar('"');
}

static void
print_fields(const struct field *f, size_t n, const uint8_t *p, bool json)
{
	for (size_t i = 0; i < n; i++) {
		printf(json ? "%s\"%s\":" : "%s%-10s ",
		    json && i > 0 ? ","
		    : json	  ? "{"
				  : "",
		    f[i].name);
		print_value(&f[i], p, json);
		if (!json)
			putchar('\n');
	}
	if (json)
		puts("}");
}

int
cmd_id_ctrl(struct settings *s, struct host_ctrl *h)
{
	print_fields(
	    ctrl_fields, sizeof(ctrl_fields) / sizeof(ctrl_fields[0]), h->identify, s->json);
	return (EXIT_OK);
}

/* With --cns another structure, dumped. */
int
cmd_id_ns(struct settings *s, struct host_ctrl *h)
{
	uint8_t id[SPEC_IDENTIFY_LEN];
	struct host_cmd cmd;
	bool ok;
	uint64_t nsid = parse_number(s->arg[0], &ok);

	if (!ok || nsid > UINT32_MAX || s->cns > 255)
		return (say_usage("id-ns: '%s' is not a namespace", s->arg[0]));
	host_fill_identify(&cmd, (uint8_t)s->cns, (uint32_t)nsid, id, sizeof(id));
	if (host_run(h->admin, &cmd) == -1)
		return (say_queue_error(h->admin));
	if (s->cns == 0)
		print_fields(ns_fields, sizeof(ns_fields) / sizeof(ns_fields[0]), id, s->json);
	else
		dump_hex(id, sizeof(id));
	return (EXIT_OK);
}

int
cmd_list_ns(struct settings *s, struct host_ctrl *h)
{
	uint32_t nsids[1024], after = 0;
	int n;

	(void)s;
	do {
		if ((n = host_ns_list(h->admin, after, nsids)) == -1)
			return (say_queue_error(h->admin));
		for (int i = 0; i < n; i++)
			printf("%u\n", after = nsids[i]);
	} while (n == 1024);
	return (EXIT_OK);
}

int
cmd_log(struct settings *s, struct host_ctrl *h)
{
	uint64_t lid, len = s->bytes == 0 ? 512 : s->bytes;
	struct host_cmd cmd;
	uint8_t *buf;
	bool ok;
	int status = EXIT_OK;

	lid = parse_number(s->arg[0], &ok);
	if (!ok || lid > 255 || len % 4 != 0 || len > 1 << 20)
		return (say_usage("log: LID is 0 to 255, --bytes a multiple of 4 up to 1M"));
	if ((buf = calloc(1, len)) == NULL)
		return (say_usage("out of memory"));
	host_fill_log(&cmd, (uint8_t)lid, s->offset, buf, (uint32_t)len);
	cmd.sqe[SQE_CDW10 + 1] = (uint8_t)(cmd.sqe[SQE_CDW10 + 1] | (s->lsp & 0x7f));
	if (host_run(h->admin, &cmd) == -1)
		status = say_queue_error(h->admin);
	else
		dump_hex(buf, len);
	free(buf);
	return (status);
}

int
cmd_get_feature(struct settings *s, struct host_ctrl *h)
{
	struct host_cmd cmd;
	uint64_t fid;
	bool ok;

	fid = parse_number(s->arg[0], &ok);
	if (!ok || fid > 255)
		return (say_usage("get-feature: '%s' is not a feature", s->arg[0]));
	host_fill_get_feature(&cmd, (uint8_t)fid);
	if (host_run(h->admin, &cmd) == -1)
		return (say_queue_error(h->admin));
	printf("%#x\n", cmd.dw0);
	return (EXIT_OK);
}
