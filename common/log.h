/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Log lines on stderr: one event, one line, one write. "level: message", and when stderr is the
 * journal's, the level as its <N> prefix instead. Levels are those of syslog.h. For processes that
 * may write to stderr (warden, broker, cellblockctl); the others say what they have to say with
 * numbers (common/logmsg.h). Text from a host is escaped before it comes here.
 */
#ifndef COMMON_LOG_H
#define COMMON_LOG_H

#include <stdbool.h>
#include <stdint.h>
#include <syslog.h>

#define LOG_PRINTF(f, a) __attribute__((format(printf, f, a)))

/* Looks at JOURNAL_STREAM once. Lines above `level` (LOG_ERR..LOG_DEBUG) are left out. */
void	log_open(int level);
void	log_set_level(int level);
bool	log_wants(int level);

void	log_print(int level, const char *fmt, ...) LOG_PRINTF(2, 3);
/* log_err, log_warn end in strerror(errno), which they leave as it is; the others do not. */
void	log_err(const char *fmt, ...) LOG_PRINTF(1, 2);
void	log_errx(const char *fmt, ...) LOG_PRINTF(1, 2);
void	log_warn(const char *fmt, ...) LOG_PRINTF(1, 2);
void	log_warnx(const char *fmt, ...) LOG_PRINTF(1, 2);
void	log_info(const char *fmt, ...) LOG_PRINTF(1, 2);
void	log_debug(const char *fmt, ...) LOG_PRINTF(1, 2);

/*
 * How many lines one source may cause: `burst` in each `window_ms`. Zeroed before first use. After
 * a window in which some were left out, the first line comes with their number.
 */
struct log_rate {
	uint64_t since_ms;
	uint32_t lines;
	uint32_t left_out;
};

#define LOG_RATE_BURST		10
#define LOG_RATE_WINDOW_MS	10000

/* May it log now? *left_out: lines that were not, to be said with this one (0 mostly). */
bool	log_rate_ok(struct log_rate *, uint64_t now_ms, uint32_t *left_out);

#endif
