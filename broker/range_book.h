/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rooms of the book of ranges among themselves: range.c has the members and what they say,
 * range_line.c the requests, range_reset.c what a new broker does not know. See range.h.
 */
#ifndef BROKER_RANGE_BOOK_H
#define BROKER_RANGE_BOOK_H

#include <sys/queue.h>
#include <sys/tree.h>

#include "broker/range.h"

enum request_state { REQUEST_NONE, REQUEST_WAITS, REQUEST_HOLDING, REQUEST_GRANTED };

struct request {
	TAILQ_ENTRY(request) next;	/* in its line */
	struct range_member *owner;
	struct line *line;
	enum request_state state;
	uint64_t asked;			/* the worker's token */
	uint64_t token;			/* ours */
	uint64_t offset, end;		/* bytes */
	uint64_t ms;			/* since it is in this state */
	TAILQ_HEAD(, told) told;
};

/* A member that was told to hold a request's range. */
struct told {
	TAILQ_ENTRY(told) next;
	struct range_member *member;
	unsigned owes;			/* answers */
};

/* All requests of a backend, oldest first. It is there as long as there are any, or it is owed. */
struct line {
	RB_ENTRY(line) of_book;
	struct range_book *book;
	uint8_t key[32];
	TAILQ_HEAD(, request) requests;
	unsigned active;
	unsigned begun;			/* since none was active */
	unsigned owed;			/* resets: somebody may write there for the last broker */
};

RB_HEAD(lines, line);
RB_PROTOTYPE(lines, line, of_book, line_compare)

struct range_member {
	TAILQ_ENTRY(range_member) next;
	struct range_book *book;
	void *who;
	bool gone;
	bool owes_reset;
	struct line **owed;		/* what may be written for the last broker until then */
	uint32_t nowed;
	struct request request;		/* one at a time */
};

struct range_book {
	struct range_calls calls;
	uint64_t patience_ms;
	TAILQ_HEAD(, range_member) members;
	struct lines lines;
	uint64_t last_token;
	bool taking_over;
	unsigned resetting;		/* members that owe a reset */
	uint64_t resetting_ms;
};

/* ---- saying ---- */

int	range_try_say(struct range_member *, uint32_t type, const void *payload, size_t size);
/* Who does not read is killed. */
void	range_say(struct range_member *, uint32_t type, const void *payload, size_t size);

#define RANGE_SAY(m, NAME, p)	range_say((m), IPC_##NAME, (p), sizeof(*(p)))

/* The record's next namespace, from *at on, that is this backend and may be written; or NULL. */
const struct ipc_record_ns *range_next_row(const struct ipc_record *, uint32_t *at,
	    const uint8_t key[32]);

/* ---- range_line.c ---- */

struct line *line_find(struct range_book *, const uint8_t key[32]);	/* NULL: there is none */
struct line *line_of(struct range_book *, const uint8_t key[32]);	/* NULL: no memory */
void	line_release(struct line *);	/* frees it if nobody needs it */
void	line_advance(struct line *);
struct told *told_find(const struct request *, const struct range_member *);
struct told *told_add(struct request *, struct range_member *);	/* NULL: no memory */
/* For each of the member's namespaces that is this backend. Returns how many there are, or -1. */
int	tell_hold(struct range_member *, const struct request *, bool answer);
void	request_end(struct request *);
void	request_grant_if_held(struct request *);

/* ---- range_reset.c ---- */

/* What a member that is taken over may be writing is owed until it says that it is not, or has been
 * drained. 0, or -1: no memory. */
int	range_owe(struct range_member *);
void	range_owe_no_more(struct range_member *);
/* What the last broker granted there is not known: all of such a namespace, then; key NULL: of any
 * that is owed. 0, or -1 when it does not read. */
int	range_tell_unknown(struct range_member *, const uint8_t *key);
void	range_reset_pass(struct range_book *, uint64_t ms);

#endif
