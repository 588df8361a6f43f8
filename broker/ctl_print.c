/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Printing for cellblockctl. Texts are terminated here whatever the record says.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "broker/ana.h"
#include "broker/ctl_print.h"
#include "common/addr.h"
#include "common/ipc_payload.h"
#include "common/nqn.h"

static const char *const kind_name[] = { "none", "block", "file", "ram" };
static const char *const state_name[] = { "waiting", "online" };

#define NAME_OF(table, i) ((i) < sizeof(table) / sizeof((table)[0]) ? (table)[i] : "?")

/* A JSON string of text[0..size), up to its NUL; bytes beyond ASCII as they are (UTF-8). */
static void
json_text(const char *text, size_t size)
{
	putchar('"');
	for (size_t i = 0; i < size && text[i] != '\0'; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '"' || c == '\\')
			printf("\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			printf("\\u%04x", c);
		else
			putchar(c);
	}
	putchar('"');
}

static const char *
safe_text(const char *text, size_t size, char *out, size_t outsize)
{
	char copy[IPC_PATH_SIZE];

	snprintf(copy, sizeof(copy), "%.*s", (int)size, text);
	escape_text(out, outsize, copy);
	return (out);
}

static const char *
uuid_text(const uint8_t u[16], char out[37])
{
	static const char dash_after[] = { 3, 5, 7, 9 };
	char *p = out;

	for (int i = 0; i < 16; i++) {
		p += snprintf(p, 3, "%02x", u[i]);
		if (memchr(dash_after, i, sizeof(dash_after)) != NULL)
			*p++ = '-';
	}
	*p = '\0';
	return (out);
}

static const char *
time_text(uint64_t ms, char out[32])
{
	time_t t = (time_t)(ms / 1000);
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &tm);
	return (out);
}

/* 1.5G, exact when it is a whole number of a unit. */
static const char *
size_text(uint64_t bytes, char out[32])
{
	static const char unit[] = "BKMGTPE";
	unsigned u = 0;
	uint64_t v = bytes;

	while (v >= 1024 && v % 1024 == 0 && u < 6) {
		v /= 1024;
		u++;
	}
	if (v < 10000)
		snprintf(out, 32, "%" PRIu64 "%c", v, unit[u]);
	else {
		double d = (double)bytes;

		for (u = 0; d >= 1024 && u < 6; u++)
			d /= 1024;
		snprintf(out, 32, "%.1f%c", d, unit[u]);
	}
	return (out);
}

/* ---- sessions ---- */

static void
session_json(const struct ctl_session *s)
{
	char peer[ADDR_TEXT_SIZE], local[ADDR_TEXT_SIZE], since[32];

	printf("{\"cntlid\":%u,\"pid\":%u,\"uid\":%u,\"discovery\":%s,\"enabled\":%s,"
	    "\"queues\":%u,\"namespaces\":%u,\"host\":", s->cntlid, s->pid, s->uid,
	    s->discovery ? "true" : "false", s->enabled ? "true" : "false", s->queues, s->nns);
	json_text(s->hostnqn, sizeof(s->hostnqn));
	printf(",\"subsystem\":");
	json_text(s->subnqn, sizeof(s->subnqn));
	printf(",\"address\":\"%s\",\"local\":\"%s\",\"since\":\"%s\"",
	    addr_format(&s->peer, peer), addr_format(&s->local, local),
	    time_text(s->since_ms, since));
	printf(",\"reads\":%" PRIu64 ",\"writes\":%" PRIu64 ",\"read_bytes\":%" PRIu64
	    ",\"write_bytes\":%" PRIu64 ",\"errors\":%" PRIu64 "}", s->reads, s->writes,
	    s->read_bytes, s->write_bytes, s->errors);
}

static void
session_row(const struct ctl_session *s)
{
	char peer[ADDR_TEXT_SIZE], host[400], sub[400], in[32], out[32];

	printf("%6u %7u %6u %3u %8s %8s %-24s %s %s\n", s->cntlid, s->pid, s->queues, s->nns,
	    size_text(s->read_bytes, out), size_text(s->write_bytes, in),
	    addr_format(&s->peer, peer), safe_text(s->hostnqn, sizeof(s->hostnqn), host,
	    sizeof(host)), s->discovery ? "(discovery)" : safe_text(s->subnqn,
	    sizeof(s->subnqn), sub, sizeof(sub)));
}

void
print_sessions(const void *records, uint32_t count, bool json)
{
	const struct ctl_session *s = records;

	if (json)
		putchar('[');
	else
		printf("%6s %7s %6s %3s %8s %8s %-24s %s\n", "CNTLID", "PID", "QUEUES", "NS",
		    "READ", "WRITTEN", "ADDRESS", "HOST, SUBSYSTEM");
	for (uint32_t i = 0; i < count; i++) {
		if (json && i > 0)
			putchar(',');
		if (json)
			session_json(&s[i]);
		else
			session_row(&s[i]);
	}
	if (json)
		printf("]\n");
}

/* ---- namespaces ---- */

static void
namespace_json(const struct ctl_namespace *n)
{
	char uuid[37];

	printf("{\"nsid\":%u,\"state\":\"%s\",\"kind\":\"%s\",\"block_size\":%u,\"blocks\":%" PRIu64
	    ",\"read_only\":%s,\"users\":%u,\"uuid\":\"%s\",\"subsystem\":", n->nsid,
	    NAME_OF(state_name, n->state), NAME_OF(kind_name, n->kind), n->block_size, n->nlbas,
	    n->readonly ? "true" : "false", n->users, uuid_text(n->uuid, uuid));
	json_text(n->subnqn, sizeof(n->subnqn));
	printf(",\"backend\":");
	json_text(n->path, sizeof(n->path));
	putchar('}');
}

static void
namespace_row(const struct ctl_namespace *n)
{
	char uuid[37], size[32], sub[400], path[IPC_PATH_SIZE * 4];

	printf("%5u %-8s %-6s %8s %6u %3s %5u %s %s %s\n", n->nsid, NAME_OF(state_name, n->state),
	    NAME_OF(kind_name, n->kind), size_text(n->nlbas * n->block_size, size),
	    n->block_size, n->readonly ? "ro" : "rw", n->users, uuid_text(n->uuid, uuid),
	    safe_text(n->subnqn, sizeof(n->subnqn), sub, sizeof(sub)),
	    safe_text(n->path, sizeof(n->path), path, sizeof(path)));
}

void
print_namespaces(const void *records, uint32_t count, bool json)
{
	const struct ctl_namespace *n = records;

	if (json)
		putchar('[');
	else
		printf("%5s %-8s %-6s %8s %6s %3s %5s %-36s %s\n", "NSID", "STATE", "KIND", "SIZE",
		    "BLOCK", "R/W", "USERS", "UUID", "SUBSYSTEM, BACKEND");
	for (uint32_t i = 0; i < count; i++) {
		if (json && i > 0)
			putchar(',');
		if (json)
			namespace_json(&n[i]);
		else
			namespace_row(&n[i]);
	}
	if (json)
		printf("]\n");
}

/* ---- ANA groups ---- */

static const char *
state_text(uint32_t state)
{
	const char *name = ana_state_name(state);

	return (name != NULL ? name : "?");
}

static void
ana_json(const struct ctl_ana *a)
{
	printf("{\"group\":%u,\"state\":\"%s\",\"target\":\"%s\",\"configured\":\"%s\","
	    "\"changes\":%" PRIu64 ",\"listener\":", a->group, state_text(a->state),
	    state_text(a->target), state_text(a->configured), a->count);
	json_text(a->listener, sizeof(a->listener));
	printf(",\"subsystem\":");
	json_text(a->subnqn, sizeof(a->subnqn));
	putchar('}');
}

static void
ana_row(const struct ctl_ana *a)
{
	char sub[400], listener[400];

	printf("%5u %-15s %-15s %-24s %s\n", a->group, state_text(a->state),
	    state_text(a->configured), safe_text(a->listener, sizeof(a->listener), listener,
	    sizeof(listener)), safe_text(a->subnqn, sizeof(a->subnqn), sub, sizeof(sub)));
}

void
print_ana(const void *records, uint32_t count, bool json)
{
	const struct ctl_ana *a = records;

	if (json)
		putchar('[');
	else
		printf("%5s %-15s %-15s %-24s %s\n", "GROUP", "STATE", "CONFIGURED", "LISTENER",
		    "SUBSYSTEM");
	for (uint32_t i = 0; i < count; i++) {
		if (json && i > 0)
			putchar(',');
		if (json)
			ana_json(&a[i]);
		else
			ana_row(&a[i]);
	}
	if (json)
		printf("]\n");
}
