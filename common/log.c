/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Log lines on stderr. Never fails, never blocks longer than stderr does, keeps errno.
 */
#include "config.h"

#include <sys/stat.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"

#define LINE_SIZE 2048

static int max_level = LOG_INFO;
static bool to_journal;

/* JOURNAL_STREAM is "device:inode" of the socket that stderr was when it was set. */
static bool
stderr_is_journal(void)
{
	const char *text = getenv("JOURNAL_STREAM");
	unsigned long long dev, ino;
	struct stat st;
	char *end;

	if (text == NULL || fstat(STDERR_FILENO, &st) == -1)
		return (false);
	dev = strtoull(text, &end, 10);
	if (*end != ':')
		return (false);
	ino = strtoull(end + 1, NULL, 10);
	return (dev == st.st_dev && ino == st.st_ino);
}

void
log_open(int level)
{
	max_level = level;
	to_journal = stderr_is_journal();
}

void
log_set_level(int level)
{
	max_level = level;
}

bool
log_wants(int level)
{
	return (level <= max_level);
}

static const char *
level_name(int level)
{
	static const char *const names[] = { "emergency", "alert", "critical", "error", "warning",
	    "notice", "info", "debug" };

	return (level >= LOG_EMERG && level <= LOG_DEBUG ? names[level] : "info");
}

static void LOG_PRINTF(3, 0)
vprint(int level, int error, const char *fmt, va_list ap)
{
	char line[LINE_SIZE];
	size_t n, room = sizeof(line) - 1;	/* for the newline */
	int saved = errno;

	if (!log_wants(level))
		return;
	if (to_journal)
		n = (size_t)snprintf(line, room, "<%d>", level);
	else
		n = (size_t)snprintf(line, room, "%s: ", level_name(level));
	n += (size_t)vsnprintf(line + n, room - n, fmt, ap);
	if (error != 0 && n < room)
		n += (size_t)snprintf(line + n, room - n, ": %s", strerror(error));
	if (n >= room)
		n = room - 1;
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
			line[i] = ' ';		/* one event stays one line */
	line[n++] = '\n';
	if (write(STDERR_FILENO, line, n) == -1)
		(void)0;			/* there is nowhere to say so */
	errno = saved;
}

#define PRINT(level, error) do {			\
	va_list ap;					\
	va_start(ap, fmt);				\
	vprint((level), (error), fmt, ap);		\
	va_end(ap);					\
} while (0)

void log_print(int level, const char *fmt, ...) { PRINT(level, 0); }
void log_err(const char *fmt, ...) { PRINT(LOG_ERR, errno); }
void log_errx(const char *fmt, ...) { PRINT(LOG_ERR, 0); }
void log_warn(const char *fmt, ...) { PRINT(LOG_WARNING, errno); }
void log_warnx(const char *fmt, ...) { PRINT(LOG_WARNING, 0); }
void log_info(const char *fmt, ...) { PRINT(LOG_INFO, 0); }
void log_debug(const char *fmt, ...) { PRINT(LOG_DEBUG, 0); }

bool
log_rate_ok(struct log_rate *r, uint64_t now_ms, uint32_t *left_out)
{
	*left_out = 0;
	if (r->lines == 0 || now_ms - r->since_ms >= LOG_RATE_WINDOW_MS) {
		*left_out = r->left_out;
		*r = (struct log_rate){ .since_ms = now_ms };
	}
	if (r->lines >= LOG_RATE_BURST) {
		r->left_out++;
		return (false);
	}
	r->lines++;
	return (true);
}
