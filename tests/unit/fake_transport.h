/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Everything below and beside the command half of a worker: queues without connections, a clock that
 * stands still, a broker that takes notes. Commands go in as struct cmd, answers are looked up in
 * the slot. Buffers are as long as the command said, so that sanitizers see one byte too many.
 */
#ifndef TESTS_UNIT_FAKE_TRANSPORT_H
#define TESTS_UNIT_FAKE_TRANSPORT_H

#include "worker/worker.h"

#define FAKE_SLOTS 32u
#define DNR(sc) ((uint16_t)((sc) | NVME_SC_DNR))

enum fake_kind { FAKE_IO, FAKE_DISCOVERY };

/* Namespaces of FAKE_IO; NN is 8. */
#define NS_512	1u	/* 2^20 blocks, deallocates, zeroes */
#define NS_4K	2u	/* 2^24 blocks, deallocates */
#define NS_RO	5u	/* 2^20 blocks of 512 bytes, read-only */
#define NS_NONE	3u	/* not there */
#define NS_RAM	6u	/* for fake_add_ram; nor is this otherwise */

struct fake {
	struct lane lane;
	struct controller *c;
	uint64_t now_ms;
	unsigned logs, last_log, stats;
	uint64_t fenced[8];	/* answers to changes, a ring */
	unsigned nfenced;
	uint32_t fused_version;	/* of the table of namespaces that fused pairs were told of last */
	unsigned fused_fenced;	/* ... and how many changes were answered by then */
	struct ipc_resv asked[8];	/* questions about reservations, a ring */
	unsigned nasked;
	bool no_room;		/* for questions */
	int started_fd;		/* of the last qp_start() */
	struct conn_params params;
	bool abort_later;	/* of a command in parts: says so, and keeps who asked */
	struct slot *aborter;
};
extern struct fake fake;

/* cmocka fixtures; the second one fails when anything is left. */
int	fake_io(void **state);		/* enabled, 4 queues granted, queue 1 connected */
int	fake_discovery(void **state);	/* enabled */
int	fake_fresh(void **state);	/* an I/O controller right after its Connect */
int	fake_end(void **state);

void	fake_pass(uint64_t ms);		/* time passes, timers fire */
void	fake_connect(uint16_t qid);
void	fake_turns(void);	/* until nothing moves any more */
/* One more namespace, in mapped memory that is zero. */
void	fake_add_ram(uint32_t nsid, uint32_t block_size, uint64_t bytes);
int	fake_ns_fd(uint32_t nsid);
/* fake_disk_expect of an operation on that namespace; offset and len in bytes */
void	fake_expect(enum eng_verb, uint32_t nsid, uint64_t offset, uint64_t len, unsigned flags,
	    int error);

/* Judges and begins a command as qpair.c does. data: what the host sends, sgl_len bytes. */
struct slot *fake_command(struct qpair *, const struct cmd *, const void *data);
struct slot *fake_admin(const struct cmd *);
struct slot *fake_nvm(const struct cmd *, const void *data);	/* on queue 1 */
bool	fake_answered(const struct slot *);
uint16_t fake_status(const struct slot *);	/* without M */
uint32_t fake_len(const struct slot *);		/* bytes of data in the answer */
void	fake_release(struct slot *);		/* the answer was sent */
/* A command that is answered at once: its status; the slot is free again. */
uint16_t fake_admin_status(const struct cmd *);
uint16_t fake_nvm_status(const struct cmd *, const void *data);

#endif
