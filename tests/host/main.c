/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nvmehost: the table of options, the table of commands, and what happens around a command:
 * connecting to the level that it needs, and going away in order.
 */
#include "config.h"

#include <getopt.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/host/nvmehost.h"

enum kind { KIND_STRING, KIND_NUMBER, KIND_FLAG };

static const struct opt {
	const char	*name;
	char		 letter;
	enum kind	 kind;
	size_t		 offset;
	const char	*help;
} opts[] = {
#define O(member) offsetof(struct settings, member)
	{ "address", 'a', KIND_STRING, O(host.addr), "address of the target [127.0.0.1]" },
	{ "port", 's', KIND_STRING, O(host.port), "TCP port [4420]" },
	{ "subnqn", 'n', KIND_STRING, O(host.subnqn), "subsystem [discovery]" },
	{ "hostnqn", 'q', KIND_STRING, O(host.hostnqn), "name of this host" },
	{ "hostid", 'i', KIND_STRING, O(hostid), "host identifier, a UUID" },
	{ "source", 0, KIND_STRING, O(host.source), "address to come from" },
	{ "hdgst", 'g', KIND_FLAG, O(host.hdgst), "header digests; being denied them is an error" },
	{ "ddgst", 'G', KIND_FLAG, O(host.ddgst), "data digests, likewise" },
	{ "no-sqflow", 0, KIND_FLAG, O(host.no_sqflow), "no SQ flow control" },
	{ "queues", 0, KIND_NUMBER, O(queues), "I/O queues [1]" },
	{ "depth", 0, KIND_NUMBER, O(depth), "entries of an I/O queue [32]" },
	{ "kato", 0, KIND_NUMBER, O(kato_ms), "keep alive timeout, ms [0]" },
	{ "hpda", 0, KIND_NUMBER, O(hpda), "alignment of data to us, dwords, 0's based [0]" },
	{ "maxr2t", 0, KIND_NUMBER, O(maxr2t), "outstanding R2Ts per command, 0's based [0]" },
	{ "timeout", 0, KIND_NUMBER, O(timeout_ms), "of everything, ms [10000]" },
	{ "trickle", 0, KIND_FLAG, O(host.trickle), "send byte by byte" },
	{ "nsid", 0, KIND_NUMBER, O(nsid), "namespace [1]" },
	{ "lba", 0, KIND_NUMBER, O(lba), "first block [0]" },
	{ "bytes", 0, KIND_NUMBER, O(bytes), "how much [a block; verify: the namespace]" },
	{ "min", 0, KIND_NUMBER, O(min), "smallest transfer [a block]" },
	{ "max", 0, KIND_NUMBER, O(max), "largest transfer [128K]" },
	{ "seed", 0, KIND_NUMBER, O(seed), "of patterns and choices [1]" },
	{ "seconds", 0, KIND_NUMBER, O(seconds), "how long [verify: one pass; stress: 5; crowd, events: until told]" },
	{ "writes", 0, KIND_NUMBER, O(write_percent), "stress: percentage of writes [30]" },
	{ "count", 0, KIND_NUMBER, O(count),
	    "crowd: controllers; durable: commands; race: how often [100]" },
	{ "parallel", 0, KIND_NUMBER, O(parallel), "crowd: connecting at a time [8]" },
	{ "io", 0, KIND_NUMBER, O(io), "hold: reads per second [0]" },
	{ "cns", 0, KIND_NUMBER, O(cns), "id-ctrl, id-ns: which structure" },
	{ "offset", 0, KIND_NUMBER, O(offset), "log: first byte [0]" },
	{ "lsp", 0, KIND_NUMBER, O(lsp), "log: log specific parameter [0]" },
	{ "file", 0, KIND_STRING, O(file), "read: to; write, compare, raw: from" },
	{ "fua", 0, KIND_FLAG, O(fua), "read, write, zero, compare, copy, nvm-verify: FUA" },
	{ "cache-off", 0, KIND_FLAG, O(cache_off), "read, write, zero: switch the write cache off first" },
	{ "marks", 0, KIND_STRING, O(marks), "durable: where marks are written to" },
	{ "deac", 0, KIND_FLAG, O(deac), "zero: may deallocate" },
	{ "no-write", 0, KIND_FLAG, O(no_write), "verify: only read what an earlier run wrote" },
	{ "json", 0, KIND_FLAG, O(json), "discover, id-ctrl, id-ns: as JSON" },
	{ "slow", 0, KIND_FLAG, O(slow), "misbehave: with the rows that take a minute" },
	{ "greet", 0, KIND_FLAG, O(greet), "raw: ICReq and ICResp first" },
	{ "group", 0, KIND_STRING, O(group), "conform: only this GROUP or GROUP/ROW" },
	{ "list", 0, KIND_FLAG, O(list), "conform: print rows, expectations, sections" },
#undef O
};

enum { NOPTS = sizeof(opts) / sizeof(opts[0]), OPT_BASE = 256 };

static const struct command commands[] = {
	{ "discover", "", "print the discovery log", LEVEL_CTRL, 0, 0, cmd_discover },
	{ "id-ctrl", "", "Identify Controller", LEVEL_CTRL, 0, 0, cmd_id_ctrl },
	{ "id-ns", "NSID", "Identify Namespace", LEVEL_CTRL, 1, 1, cmd_id_ns },
	{ "list-ns", "", "active namespaces", LEVEL_CTRL, 0, 0, cmd_list_ns },
	{ "log", "LID", "Get Log Page, dumped", LEVEL_CTRL, 1, 1, cmd_log },
	{ "watch", "", "discovery: wait for the event, then print the log again", LEVEL_CTRL, 0, 0,
	    cmd_watch },
	{ "get-feature", "FID", "Get Features", LEVEL_CTRL, 1, 1, cmd_get_feature },
	{ "read", "", "read --bytes at --lba", LEVEL_IO, 0, 0, cmd_read },
	{ "write", "", "write a pattern, or --file", LEVEL_IO, 0, 0, cmd_write },
	{ "flush", "", "Flush", LEVEL_IO, 0, 0, cmd_flush },
	{ "zero", "", "Write Zeroes", LEVEL_IO, 0, 0, cmd_zero },
	{ "deallocate", "", "Dataset Management, one range", LEVEL_IO, 0, 0, cmd_deallocate },
	{ "compare", "", "Compare with a pattern, or --file", LEVEL_IO, 0, 0, cmd_compare },
	{ "copy", "RANGES", "Copy [NSID/]LBA+BLOCKS... to --lba", LEVEL_IO, 1, 256, cmd_copy },
	{ "nvm-verify", "", "Verify --bytes at --lba", LEVEL_IO, 0, 0, cmd_nvm_verify },
	{ "verify", "", "write a pattern, read it all back", LEVEL_IO, 0, 0, cmd_verify },
	{ "stress", "", "reads and writes mixed, verified", LEVEL_IO, 0, 0, cmd_stress },
	{ "abort", "[WHAT]", "fill a queue with writes (read, zero), abort them all", LEVEL_IO, 0,
	    1, cmd_abort },
	{ "resv", "ACTION...", "register, unregister, replace, acquire, preempt, abort, release, clear: "
	    "keys and types; report; ptpl; watch", LEVEL_IO, 1, 8, cmd_resv },
	{ "durable", "", "what changes blocks, mixed, with marks", LEVEL_IO, 0, 0, cmd_durable },
	{ "protect", "[STATE]", "write protection of --nsid: set it, or say what it is", LEVEL_CTRL, 0,
	    1, cmd_protect },
	{ "hold", "", "keep the controller until stdin ends or SIGTERM", LEVEL_IO, 0, 0, cmd_hold },
	{ "ana-log", "", "log 0Ch: groups, states, namespaces", LEVEL_CTRL, 0, 0, cmd_ana_log },
	{ "events", "", "say every event until SIGTERM", LEVEL_CTRL, 0, 0, cmd_events },
	{ "crowd", "", "many controllers, each of another host; how long it takes", LEVEL_NONE, 0, 0,
	    cmd_crowd },
	{ "handover", "", "commands right behind each Connect", LEVEL_NONE, 0, 0, cmd_handover },
	{ "misbehave", "ROWS", "do what is forbidden, judge the answers (TAP)", LEVEL_NONE, 1, 1,
	    cmd_misbehave },
	{ "conform", "", "commands by table, their statuses judged (TAP)", LEVEL_NONE, 0, 0,
	    cmd_conform },
	{ "supported", "", "what the target has, as a page of Markdown", LEVEL_NONE, 0, 0,
	    cmd_supported },
	{ "race", "MODE", "change the same blocks as others: count (fused), tag (plain), check", LEVEL_IO,
	    1, 1, cmd_race },
	{ "raw", "[HEX]", "send bytes, print what comes back", LEVEL_NONE, 0, 1, cmd_raw },
};

enum { NCOMMANDS = sizeof(commands) / sizeof(commands[0]) };

static void
print_help(void)
{
	puts("usage: nvmehost [OPTION...] COMMAND [ARGUMENT...]\n\ncommands:");
	for (unsigned i = 0; i < NCOMMANDS; i++)
		printf("  %-12s %-6s %s\n", commands[i].name, commands[i].args, commands[i].help);
	puts("\nROWS is all, TABLE or TABLE/ROW; 'misbehave list' prints them.");
	puts("\noptions (numbers take K, M, G, T):");
	for (unsigned i = 0; i < NOPTS; i++) {
		if (opts[i].letter != 0)
			printf("  -%c, ", opts[i].letter);
		else
			printf("      ");
		printf("--%-12s %s\n", opts[i].name, opts[i].help);
	}
	puts("\nexit status: 0 ok, 1 data or protocol error, 2 usage, 3 connect refused");
}

static int
set_option(struct settings *s, const struct opt *o, const char *value)
{
	char *at = (char *)s + o->offset;
	bool ok = true;

	if (o->kind == KIND_FLAG)
		*(bool *)at = true;
	else if (o->kind == KIND_STRING)
		memcpy(at, &value, sizeof(value));
	else
		*(uint64_t *)at = parse_number(value, &ok);
	if (!ok)
		say_usage("--%s: '%s' is not a number", o->name, value);
	return (ok ? 0 : -1);
}

static int
parse_options(struct settings *s, int argc, char **argv)
{
	struct option longs[NOPTS + 2] = { 0 };
	char shorts[2 * NOPTS + 2], *p = shorts;
	int c;

	for (int i = 0; i < NOPTS; i++) {
		longs[i] =
		    (struct option){opts[i].name, opts[i].kind != KIND_FLAG, NULL, OPT_BASE + i};
		if (opts[i].letter == 0)
			continue;
		*p++ = opts[i].letter;
		if (opts[i].kind != KIND_FLAG)
			*p++ = ':';
	}
	longs[NOPTS] = (struct option){ "help", 0, NULL, 'h' };
	strcpy(p, "h");
	while ((c = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		if (c == 'h') {
			print_help();
			exit(EXIT_OK);
		}
		for (int i = 0; i < NOPTS; i++)
			if (c != '?' && (c == OPT_BASE + i || c == opts[i].letter) &&
			    set_option(s, &opts[i], optarg) == -1)
				return (-1);
		if (c == '?')
			return (-1);
	}
	return (0);
}

/* 8-4-4-4-12 hexadecimal digits, dashes wherever. */
static int
parse_hostid(const char *s, uint8_t *id)
{
	unsigned n = 0;

	for (memset(id, 0, 16); *s != '\0'; s++) {
		unsigned v;

		if (*s == '-')
			continue;
		if (n == 32 || strchr("0123456789abcdefABCDEF", *s) == NULL)
			return (-1);
		v = *s <= '9' ? (unsigned)(*s - '0') : (unsigned)(*s | 0x20) - 'a' + 10;
		id[n / 2] = (uint8_t)(id[n / 2] << 4 | v);
		n++;
	}
	return (n == 32 ? 0 : -1);
}

static int
check_settings(struct settings *s)
{
	if (s->queues > 256 || s->depth < 2 || s->depth > 65535)
		return (say_usage("--queues is 0 to 256, --depth 2 to 65535"));
	if (s->hpda > 255 || s->maxr2t > 15 || s->kato_ms > UINT32_MAX || s->timeout_ms > 3600000)
		return (say_usage(
		    "--hpda is 0 to 31, --maxr2t 0 to 15, --kato and --timeout milliseconds"));
	if (s->nsid > UINT32_MAX || s->min > s->max || s->max > 1u << 30 || s->write_percent > 100)
		return (say_usage("--nsid, --min, --max or --writes is out of range"));
	if (s->hostid != NULL && parse_hostid(s->hostid, s->host.hostid) == -1)
		return (say_usage("--hostid: '%s' is not a UUID", s->hostid));
	s->host.queues = (unsigned)s->queues;
	s->host.depth = (unsigned)s->depth;
	s->host.kato_ms = (uint32_t)s->kato_ms;
	s->host.hpda = (uint8_t)s->hpda;
	s->host.maxr2t = (uint32_t)s->maxr2t;
	s->host.timeout_ms = (int)s->timeout_ms;
	return (EXIT_OK);
}

static const struct command *
find_command(const char *name)
{
	for (unsigned i = 0; i < NCOMMANDS; i++)
		if (strcmp(commands[i].name, name) == 0)
			return (&commands[i]);
	return (NULL);
}

/* Connect as far as the command needs, run it, and shut down as a good host does. */
static int
run_command(const struct command *c, struct settings *s)
{
	struct host_ctrl h = { 0 };
	int status;

	if (c->level == LEVEL_NONE)
		return (c->run(s, NULL));
	if (host_ctrl_open(&h, &s->host) == -1 ||
	    (c->level == LEVEL_IO && host_ctrl_open_io(&h) == -1)) {
		status = say_error(&h.error, &h.refusal);
		host_ctrl_close(&h);
		return (status);
	}
	status = c->run(s, &h);
	if (status == EXIT_OK && host_ctrl_shutdown(&h) == -1)
		status = say_error(&h.error, &h.refusal);
	host_ctrl_close(&h);
	return (status);
}

int
main(int argc, char **argv)
{
	struct settings s = { .queues = 1, .depth = 32, .nsid = 1, .max = 128 << 10, .seed = 1,
		.write_percent = 30, .timeout_ms = 10000, .count = 100, .parallel = 8 };
	const struct command *c;

	signal(SIGPIPE, SIG_IGN);
	setvbuf(stdout, NULL, _IOLBF, 0);
	host_opts_default(&s.host);
	if (parse_options(&s, argc, argv) == -1 || check_settings(&s) != EXIT_OK)
		return (EXIT_USAGE);
	if (optind == argc)
		return (say_usage("a command is missing; --help shows them"));
	if ((c = find_command(argv[optind])) == NULL)
		return (say_usage("no command '%s'; --help shows them", argv[optind]));
	if (s.queues == 0 && c->run != cmd_hold && c->run != cmd_crowd)
		return (say_usage("--queues 0 is for hold and crowd only"));
	s.arg = argv + optind + 1;
	s.narg = argc - optind - 1;
	if (s.narg < c->min_args || s.narg > c->max_args)
		return (say_usage("usage: nvmehost [OPTION...] %s %s", c->name, c->args));
	return (run_command(c, &s));
}
