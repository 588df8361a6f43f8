/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Log lines with who it is about: host, address and controller come from the broker's own record,
 * never from the process that has something to say. One line per event, and a limit for each
 * source of lines, so that no host can fill a disk or hide another's lines among its own.
 */
#include "config.h"

#include <sys/socket.h>

#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "broker/broker.h"
#include "common/addr.h"
#include "common/logmsg.h"
#include "common/nqn.h"

#define CONTEXT_SIZE	1200	/* an NQN of 223 bytes, all of them escaped, and the rest */
#define SOURCES		256

/* Each has limits of its own, so that what is common does not hide what is rare. */
enum kind { REFUSAL, EVENT, EVENT_NOTICE, SAID, SAID_NOTICE, KINDS };

/* Counted by where they come from: each connection comes from a fresh process. */
static struct log_rate rates[KINDS][SOURCES];

/* A name that cannot look like two fields, or like the end of them. */
static void
name_text(char *buf, size_t size, const char *name)
{
	escape_also(buf, size, (const uint8_t *)name, strlen(name), " ;");
}

/* The host as far as it is known: admitted, or claimed in its Connect. */
static const char *
host_of(const struct session *s)
{
	if (s->record != NULL && s->record->kind == RECORD_CONTROLLER)
		return (s->record->hostnqn);
	if (!ipc_text_ok(s->connect.hostnqn, IPC_NQN_SIZE))
		return ("?");
	return (s->connect.hostnqn);
}

/* "host=... addr=... cntlid=...", of what there is; "" for a spare. */
static void
context_of(const struct session *s, char *buf, size_t size)
{
	char host[4 * IPC_NQN_SIZE], addr[ADDR_TEXT_SIZE], cntlid[16] = "";

	buf[0] = '\0';
	if (s == NULL || s->peer.family == 0)
		return;
	name_text(host, sizeof(host), host_of(s));
	if (s->record != NULL && s->record->kind == RECORD_CONTROLLER)
		snprintf(cntlid, sizeof(cntlid), " cntlid=%u", s->record->cntlid);
	snprintf(buf, size, "%s%s%saddr=%s%s", host[0] != '\0' ? "host=" : "", host,
	    host[0] != '\0' ? " " : "", addr_format_host(&s->peer, addr), cntlid);
}

static void
say(int level, const char *message, const char *context, const char *remedy)
{
	log_print(level, "%s%s%s%s%s", message, context[0] != '\0' ? "; " : "", context,
	    remedy != NULL && remedy[0] != '\0' ? "; " : "", remedy != NULL ? remedy : "");
}

static void
say_left_out(uint32_t n, const char *context)
{
	char text[64];

	if (n == 0)
		return;
	snprintf(text, sizeof(text), "%u lines like the next were left out", n);
	say(LOG_NOTICE, text, context, NULL);
}

/* Sources that share a place share its limit: it is an array, not a list that a host can grow. Who
 * shares with whom cannot be foreseen, so that nobody can use up another's. A /64 is one source. */
static struct log_rate *
rate_of(enum kind kind, const struct ipc_addr *a)
{
	static uint8_t key[crypto_shorthash_KEYBYTES];
	static bool has_key;
	uint8_t hash[crypto_shorthash_BYTES];
	uint64_t place;

	if (!has_key)
		crypto_shorthash_keygen(key);
	has_key = true;
	crypto_shorthash(hash, a->addr, a->family == AF_INET ? 4 : 8, key);
	memcpy(&place, hash, sizeof(place));
	return (&rates[kind][place % SOURCES]);
}

/* What a host does again and again is said now and then; what goes wrong here is always said. */
static bool
may_say(const struct session *s, int level, const char *context)
{
	uint32_t left_out;

	if (!log_wants(level))
		return (false);
	if (s == NULL || level < LOG_WARNING || s->peer.family == 0)
		return (true);
	if (!log_rate_ok(rate_of(level <= LOG_NOTICE ? EVENT_NOTICE : EVENT, &s->peer),
	    loop_now_ms(), &left_out))
		return (false);
	say_left_out(left_out, context);
	return (true);
}

void
logline(struct session *s, int level, const char *remedy, const char *fmt, ...)
{
	char message[512], context[CONTEXT_SIZE];
	va_list ap;

	context_of(s, context, sizeof(context));
	if (!may_say(s, level, context))
		return;
	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	say(level, message, context, remedy);
}

/* The limit is the source's, not the worker's: a source has as many workers as it likes. */
void
logline_worker(struct session *s, const struct ipc_log *log)
{
	char line[2048], context[CONTEXT_SIZE];
	struct log_rate *rate = &s->rate;
	int level = log->msg < MSG_MAX ? logmsg_rows[log->msg].level : LOG_WARNING;
	uint32_t left_out;

	if (s->peer.family != 0)
		rate = rate_of(level <= LOG_NOTICE ? SAID_NOTICE : SAID, &s->peer);
	if (!log_wants(level) || !log_rate_ok(rate, loop_now_ms(), &left_out))
		return;
	context_of(s, context, sizeof(context));
	say_left_out(left_out, context);
	level = logmsg_render(line, sizeof(line), log, context);
	log_print(level, "%s", line);
}

void
logline_listener(struct broker *b, const struct ipc_log *log)
{
	static struct log_rate rate;
	char line[2048];
	uint32_t left_out;
	int level;

	(void)b;
	if (!log_rate_ok(&rate, loop_now_ms(), &left_out))
		return;
	say_left_out(left_out, "");
	level = logmsg_render(line, sizeof(line), log, "listener");
	log_print(level, "%s", line);
}

void
logline_refusal(struct session *s, enum admit_reason reason)
{
	char message[1200], context[CONTEXT_SIZE], subnqn[4 * IPC_NQN_SIZE] = "?";
	uint32_t left_out;

	if (!log_rate_ok(rate_of(REFUSAL, &s->peer), loop_now_ms(), &left_out))
		return;
	context_of(s, context, sizeof(context));
	say_left_out(left_out, context);
	if (ipc_text_ok(s->connect.subnqn, IPC_NQN_SIZE))
		name_text(subnqn, sizeof(subnqn), s->connect.subnqn);
	snprintf(message, sizeof(message), "%s refused: %s; subsystem=%s",
	    s->connect.qid == 0 ? "controller" : "queue", admit_message(reason), subnqn);
	say(LOG_WARNING, message, context, admit_remedy(reason));
}
