/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who is being greeted: the listener's counts, in all and per source, and penalties for sources
 * whose greeters crash or run out of time. Pure: no socket, no clock (the caller says what time it
 * is, in milliseconds). A source is an IPv4 address or an IPv6 /64.
 */
#ifndef LISTENER_GREETINGS_H
#define LISTENER_GREETINGS_H

#include <stdint.h>

#include "common/ipc_payload.h"

enum {
	GREETINGS_MAX = 65536,		/* whatever the broker says */
	PENALTY_SOURCES = 128,		/* remembered; the oldest is forgotten for a new one */
	PENALTY_FREE = 2,		/* strikes without consequences */
	PENALTY_FIRST_MS = 500,		/* doubles with each further strike */
	PENALTY_MAX_MS = 30000,
	PENALTY_FORGET_MS = 60000,	/* without a strike */
};

struct source {
	uint16_t family;
	uint8_t prefix[8];
};

struct greeting {
	uint32_t slot;
	struct source from;
};

struct penalty {
	struct source from;
	uint32_t strikes;
	uint64_t last_ms, until_ms;
};

struct greetings {
	struct greeting *now;		/* n of them, in no order */
	uint32_t n, room;
	uint32_t max, per_source;
	struct penalty penalty[PENALTY_SOURCES];
};

enum greet_verdict { GREET_WELCOME, GREET_FULL, GREET_SOURCE_FULL, GREET_PENALTY,
	GREET_VERDICT_MAX };

/* Greetings that are going on stay counted, even above a new limit. Returns 0, or -1 with errno. */
int	greetings_set_limits(struct greetings *, uint32_t max, uint32_t per_source);
void	greetings_free(struct greetings *);

enum greet_verdict greetings_judge(const struct greetings *, const struct ipc_addr *from,
	    uint64_t now_ms);

/* Counts one that was judged welcome; there is room then. */
void	greetings_begin(struct greetings *, uint32_t slot, const struct ipc_addr *from);

/* All of them: a broker is gone that knew how they end. What sources did before stays known. */
void	greetings_forget(struct greetings *);

/* A slot that is not being greeted is no error: the broker may say it twice. */
void	greetings_end(struct greetings *, uint32_t slot, enum greet_outcome, uint64_t now_ms);

#endif
