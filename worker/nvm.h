/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the rooms of the NVM command set share: prepare and execute of each command, and the parts
 * that several of them are made of. Nobody but nvm*.c includes this.
 */
#ifndef WORKER_NVM_H
#define WORKER_NVM_H

#include "worker/worker.h"

/* ---- nvm.c ---- */
uint64_t nvm_slba(const struct cmd *);
uint64_t nvm_nlb(const struct cmd *);		/* blocks, 1's based */
struct ns *nvm_ns(const struct slot *);		/* or NULL */
/* May this controller read namespace nsid, or write it? ns is NULL when there is none. 0 or status. */
uint16_t nvm_access(const struct slot *, uint32_t nsid, const struct ns *, bool writes);
/* Namespace, range and protection of a command with SLBA and NLB. 0 and *len (bytes), or status. */
uint16_t nvm_prepare_range(const struct slot *, const struct ns *, bool writes, uint64_t *len);
/* ... and that its data is as long as that, and not longer than MDTS. */
uint16_t nvm_prepare_transfer(const struct slot *, const struct ns *, bool writes, uint32_t *len);
/* s->op becomes verb on its range, len bytes from SLBA on. */
void	nvm_range_op(struct slot *, enum eng_verb, uint64_t len);
/* s->op becomes verb on this slice, from and to the bounce buffer; offset and len in bytes. */
void	nvm_bounce_op(struct slot *, const struct ns *, enum eng_verb, uint64_t offset, uint64_t len);
/* Submits s->op; done() comes on this thread, later. */
void	nvm_submit(struct slot *, void (*done)(struct eng_op *));
/* Between two operations of a command: it was aborted, or its queue closes and nobody waits for the
 * rest of it. True when it was answered for that reason. */
bool	nvm_is_given_up(struct slot *);
uint16_t nvm_is_ending(const struct slot *);	/* ... as a status, answering nothing */
uint16_t nvm_op_status(const struct slot *);
bool	nvm_durable(const struct slot *);	/* what it writes is on the medium before it is answered */
/* Before something is read: go_on(s, 0), or with the status that is its answer. With FUA, what a
 * cache may have of the namespace is on the medium then. */
void	nvm_settle(struct slot *, void (*go_on)(struct slot *, uint16_t status));

static inline bool
nvm_fua(const struct slot *s)
{
	return ((s->cmd.cdw12 & NVME_RW_FUA) != 0);
}

/* ---- nvm_rw.c ---- */
uint16_t nvm_read_prepare(struct slot *);
void	nvm_read_execute(struct slot *);
uint16_t nvm_write_prepare(struct slot *);
void	nvm_write_execute(struct slot *);
uint16_t nvm_zero_prepare(struct slot *);
void	nvm_zero_execute(struct slot *);

/* ---- nvm_flush.c ---- */
uint16_t nvm_flush_prepare(struct slot *);
void	nvm_flush_execute(struct slot *);

/* ---- nvm_dsm.c ---- */
uint16_t nvm_dsm_prepare(struct slot *);
void	nvm_dsm_execute(struct slot *);

/* ---- nvm_compare.c ---- */
uint16_t nvm_compare_prepare(struct slot *);
void	nvm_compare_execute(struct slot *);
/* Compares the slot's range with its data in s->buf, and counts it. then() comes on this thread, now
 * or later, with 0, a miscompare, or what else went wrong; its buffer and its answer are up to the
 * caller. In flight it is cancelled and taken back as any command is, and then() does not come. */
void	nvm_compare(struct slot *, void (*then)(struct slot *, uint16_t status));

/* ---- nvm_verify.c ---- */
uint16_t nvm_verify_prepare(struct slot *);
void	nvm_verify_execute(struct slot *);

/* ---- nvm_copy.c ---- */
uint16_t nvm_copy_prepare(struct slot *);
void	nvm_copy_execute(struct slot *);

#endif
