/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The replayer, and the map of this directory. It cuts the power at every moment of a log, and
 * judges what the flushes before it leave possible: whatever was durable is there, and of the rest
 * any part.
 */
#ifndef TESTS_DURABLE_REPLAY_H
#define TESTS_DURABLE_REPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/durable/record.h"

/* ---- log.c: the records, and their beginnings and ends in order ---- */
struct entry {
	struct record r;
	const uint8_t *data;
	uint64_t *hash;			/* write: of each block; zero: of one. history.c's */
};

struct moment {
	uint64_t at;
	const struct entry *e;
	bool ends;
};

struct log {
	uint8_t *bytes;
	struct entry *entry;
	size_t n;
	struct moment *moment;		/* 2 * n */
	bool late;			/* older ones may come after newer ones: log_dm.c */
};

extern const char *const record_name[RECORD_TYPE_MAX];

void	log_read(struct log *, const char *path);	/* exits when it cannot be */
void	log_free(struct log *);
const char *log_name_to(const struct entry *);		/* rename: the new name */

/* ---- log_dm.c: what the kernel's dm-log-writes has recorded; its one file is "device" ---- */
bool	log_is_dm(const uint8_t *, size_t);
void	log_find_dm(struct log *, size_t);

/* Which flushes are taken for lies: a test of the judge, who must notice. */
struct lies {
	bool fsync, dsync, fsyncdir;	/* all of them */
	const struct entry *one;	/* or this */
	uint64_t from, to;		/* or what ends between these moments */
};

bool	lies_about(const struct lies *, const struct entry *);
/* A write that is durable when it ends, for all that we know. */
bool	is_durable_write(const struct lies *, const struct entry *);

/* ---- history.c: what the host asked for, and what it was answered ---- */
#define PROMISES(X)								\
	X(NONE, "none")			X(FUA, "FUA")				\
	X(FLUSH, "flush")		X(CACHE_OFF, "cache off")		\
	X(SWITCHED, "switching the cache off")					\
	X(SHUTDOWN, "shutdown")		X(STATE, "state")

enum promise {
#define X(name, text) PROMISE_##name,
	PROMISES(X)
#undef X
	PROMISE_MAX
};

extern const char *const promise_name[PROMISE_MAX];

struct ns_map { uint32_t nsid; const char *name; };	/* of the command line */

struct command {
	uint64_t id, lba, from;
	char what[16];
	uint32_t nsid, nlb;
	bool fua;
	bool is_write;
	bool is_flush;			/* or whatever makes durable what came before */
	enum promise promise;			/* of its answer */
	unsigned run;				/* of the host */
};

/* What a block was to be, one after the other. Number 0 is how it was in the beginning. */
struct version {
	uint64_t hash;
	const struct command *by;
	bool maybe;			/* deallocation: or it stays what it was */
};

struct block {
	struct version *v;
	unsigned n;			/* versions in all */
};

struct namespace {
	uint32_t nsid, block_size;
	uint64_t file, nblocks;		/* file 0: it is not judged */
	struct block *block;
};

/* A mark, understood. */
struct step {
	const struct entry *e;
	struct command *cmd;
	bool answer;			/* or submit */
};

struct history {
	struct namespace *ns;
	unsigned n;
	struct step *step;
	size_t nsteps;
	struct command **command;
	size_t ncommands;
};

uint64_t hash_block(const void *, size_t);	/* never 0 */
void	history_make(struct history *, const struct log *, const struct ns_map *, unsigned n);
uint64_t history_file(const struct history *, uint32_t nsid);	/* 0: not judged */
void	history_free(struct history *);

/* ---- blocks.c: what each block may hold after a power cut ---- */
struct verdict {
	uint64_t cuts, states;		/* moments; possible contents judged */
	uint64_t promises[PROMISE_MAX];	/* kept or not: how many were made of blocks */
	uint64_t broken[PROMISE_MAX];
	uint64_t foreign;		/* contents that no command wrote, or parts of blocks */
	char first[512];		/* what is wrong first */
};

void	blocks_judge(const struct log *, const struct history *, const struct lies *,
	    struct verdict *);
bool	verdict_is_good(const struct verdict *);

/* ---- names.c: a directory of small files after a power cut ---- */
void	names_judge(const struct log *, const char *dir, const struct lies *, struct verdict *);
/* Did anything there become durable by it? */
bool	names_settles(const struct log *, const char *dir, const struct entry *);

#endif
