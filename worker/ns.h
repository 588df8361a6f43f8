/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Namespaces: one as this host may use it now, the table of them, and what was done with them.
 */
#ifndef WORKER_NS_H
#define WORKER_NS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/ipc_payload.h"
#include "worker/engine.h"
#include "worker/lane.h"
#include "worker/mail.h"

struct controller;
struct medium;
struct news;

/* One lane's share in a namespace; its thread's only. */
struct ns_use {
	_Alignas(64) uint32_t users;	/* commands that have begun and are not answered */
	uint32_t senders;		/* answers that are sent from its memory */
	bool leaving;			/* the lane has a table without this row */
	bool is_finished;		/* ... and said that no user is left */
	struct mail finished, left;
};

/* A row never changes: what is different makes a new one. It stays until nobody uses it. */
struct ns {
	struct ipc_ns id;	/* as the broker told it */
	uint8_t *map;		/* of a RAM disk, map_len bytes; or NULL */
	uint64_t map_len;
	unsigned file;		/* the engine's slot */
	uint8_t lbads;		/* log2 of block size */
	bool was_writable;	/* the row before it was: there may be something to flush */
	struct losses *losses;	/* of the medium */
	struct medium *medium;	/* lane 0's */
	struct news *news;	/* of its end */
	struct ns_use use[];	/* of each lane */
};

/* The kernel says once that what was written earlier is lost, to whoever makes data durable next.
 * All lanes' flushes look here, so that no other one claims success for the same data. */
struct losses {
	uint32_t told;		/* how often the kernel said so */
	bool owed;		/* only a write was told: the next flush has to fail, too */
};

/* ---- ns.c: a namespace: range checks, a descriptor ---- */
void	ns_op(struct eng_op *, const struct ns *, enum eng_verb);	/* all that the caller fills */
/* A flush of it, and whether it is one: op->error, or EIO for what another one was told. */
void	ns_flush_op(struct eng_op *, const struct ns *);
int	ns_flush_error(struct eng_op *);
void	ns_durable_failed(struct eng_op *);	/* a write with FUA */
bool	ns_has_to_flush(const struct ns *);	/* it is written, or was */
/* Of the flush that makes one command's own writes durable: op->error, which the next Flush has to
 * say, too; or EIO for what another one was told since losses_told. */
int	ns_durable_error(struct eng_op *);
bool	ns_is_possible(const struct ipc_ns *);	/* sizes that can be served */
uint8_t	ns_block_shift(const struct ipc_ns *);
uint16_t ns_reach(const struct ns *);	/* 0, or what every I/O command to it is answered */

/* Is it not to be written, for whatever reason? */
static inline bool
ns_is_protected(const struct ns *ns)
{
	return ((ns->id.readonly | ns->id.wprotect) != 0);
}

/* 0, or NVME_SC_LBA_OUT_OF_RANGE; nlb is 1's based. */
uint16_t ns_check_range(const struct ns *, uint64_t slba, uint64_t nlb);
uint16_t ns_status(enum eng_verb, int error);	/* errno to NVMe status */

/* ---- ns_table.c: which namespaces there are ---- */
/* A table never changes: a new one is told to each lane, the old one goes when all have it. */
struct ns_table {
	uint32_t version;
	uint32_t unreachable;	/* rows whose ANA state forbids I/O */
	bool restricted;		/* a reservation forbids something in some row */
	uint32_t n;
	struct ns_entry { uint32_t nsid; struct ns *ns; } at[];	/* sorted by nsid */
};
extern struct ns_table ns_none;
struct ns *ns_find(const struct ns_table *, uint32_t nsid);
struct ns *ns_after(const struct ns_table *, uint32_t nsid);	/* with the next larger nsid */

/* On lane 0; the other lanes know it before any word that is posted later. ns_add takes fd, and
 * replaces the namespace with this nsid if there is one. 0 or -1, errno; nothing has changed then. */
int	ns_add(struct controller *, const struct ipc_ns *, int fd);
int	ns_change(struct controller *, const struct ipc_ns *);
int	ns_gone(struct controller *, const struct ipc_ns_gone *);
void	ns_free_all(struct controller *);	/* no other lane runs */

/* A command that has begun holds its namespace until it is answered, and what is sent from the
 * namespace's memory holds that. On the lane's thread; after the last call the row may be gone. */
void	ns_settle(struct lane *, struct ns *);

static inline void
ns_pin(struct lane *lane, struct ns *ns)
{
	ns->use[lane->index].users++;
}

static inline void
ns_unpin(struct lane *lane, struct ns *ns)
{
	struct ns_use *use = &ns->use[lane->index];

	if (--use->users == 0 && use->leaving)
		ns_settle(lane, ns);
}

static inline void
ns_pin_memory(struct lane *lane, struct ns *ns)
{
	ns->use[lane->index].senders++;
}

static inline void
ns_unpin_memory(struct lane *lane, struct ns *ns)
{
	struct ns_use *use = &ns->use[lane->index];

	if (--use->senders == 0 && use->leaving)
		ns_settle(lane, ns);
}

/* ---- ns_stat.c: what was read and written, per namespace ---- */
struct lane_stats ctrl_stats(const struct controller *);	/* all that it ever did */
/* Of one namespace since this controller has it; zeros when it has none of this nsid. */
struct lane_stats ns_stats(const struct controller *, uint32_t nsid);
/* On the lane's thread: this slot of the engine gets another namespace, which begins at zero. */
void	ns_stat_retire(struct lane *, unsigned file);

/* One command that was done, of so many bytes; file: as in the operation. */
static inline void
ns_stat_read(struct lane *lane, unsigned file, uint64_t bytes)
{
	stat_add(&lane->ns_stats[file].reads, 1);
	stat_add(&lane->ns_stats[file].read_units, bytes / 512);
}

static inline void
ns_stat_write(struct lane *lane, unsigned file, uint64_t bytes)
{
	stat_add(&lane->ns_stats[file].writes, 1);
	stat_add(&lane->ns_stats[file].write_units, bytes / 512);
}

#endif
