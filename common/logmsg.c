/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From message numbers and typed fields to words. The sender is not trusted: number, count and
 * text are checked here, and nothing it says is used as a format.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/logmsg.h"
#include "common/nqn.h"

#define NARGS (sizeof(((struct ipc_log *)0)->arg) / sizeof(uint64_t))

#define ROW(NAME, level, message, remedy) { #NAME, (level), (message), (remedy) },
const struct logmsg_row logmsg_rows[MSG_MAX] = { LOGMSG(ROW) };

struct out {
	char *buf;
	size_t size, used;	/* used < size always */
};

static void
put(struct out *o, const char *text, size_t len)
{
	if (len > o->size - 1 - o->used)
		len = o->size - 1 - o->used;
	memcpy(o->buf + o->used, text, len);
	o->used += len;
	o->buf[o->used] = '\0';
}

/* Without "; ", it cannot look as if the broker's words began. */
static void
put_text(struct out *o, const struct ipc_log *log)
{
	const char *end = memchr(log->text, '\0', sizeof(log->text));
	size_t len = end == NULL ? sizeof(log->text) : (size_t)(end - log->text);

	o->used += escape_also(o->buf + o->used, o->size - o->used, (const uint8_t *)log->text,
	    len, ";");
}

static void
put_arg(struct out *o, const struct ipc_log *log, unsigned i, char kind)
{
	char text[64];

	if (i >= NARGS || i >= log->nargs)
		snprintf(text, sizeof(text), "?");
	else if (kind == 'x')
		snprintf(text, sizeof(text), "%" PRIx64, log->arg[i]);
	else if (kind == 'e')
		snprintf(text, sizeof(text), "%s", log->arg[i] < 4096 ?
		    strerror((int)log->arg[i]) : "?");
	else
		snprintf(text, sizeof(text), "%" PRIu64, log->arg[i]);
	put(o, text, strlen(text));
}

/* A field at p, which stands on '{'. Returns what follows it. */
static const char *
put_field(struct out *o, const struct ipc_log *log, const char *p)
{
	const char *end = strchr(p, '}');

	if (p[1] == 't')
		put_text(o, log);
	else
		put_arg(o, log, (unsigned)(p[1] - '0'), p[2] == ':' ? p[3] : 'd');
	return (end + 1);
}

static void
put_message(struct out *o, const struct ipc_log *log, const char *message)
{
	for (const char *p = message; *p != '\0';) {
		size_t plain = strcspn(p, "{");

		put(o, p, plain);
		p += plain;
		if (*p == '{')
			p = put_field(o, log, p);
	}
}

int
logmsg_render(char *buf, size_t size, const struct ipc_log *log, const char *context)
{
	static const struct logmsg_row unknown = { "?", LOG_WARNING, "an unknown message", "" };
	const struct logmsg_row *row = log->msg < MSG_MAX ? &logmsg_rows[log->msg] : &unknown;
	struct out o = { buf, size, 0 };

	buf[0] = '\0';
	put_message(&o, log, row->message);
	if (context != NULL && context[0] != '\0') {
		put(&o, "; ", 2);
		put(&o, context, strlen(context));
	}
	if (row->remedy[0] != '\0') {
		put(&o, "; ", 2);
		put(&o, row->remedy, strlen(row->remedy));
	}
	return (row->level);
}
