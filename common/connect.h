/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The Connect command: everything that can be judged without knowing a subsystem, a host or a
 * controller. Who may connect is the broker's business. Pure: bytes in, status out.
 */
#ifndef COMMON_CONNECT_H
#define COMMON_CONNECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/nqn.h"
#include "common/nvme.h"

struct connect_limits {
	uint32_t admin_entries;		/* largest admin queue, at most NVME_ADMIN_ENTRIES_MAX */
	uint32_t io_entries;		/* largest I/O queue; 0: no I/O queues here */
};

/* Host order. */
struct connect_req {
	uint8_t hostid[16];
	char hostnqn[NQN_SIZE];
	char subnqn[NQN_SIZE];
	uint16_t cntlid;		/* NVME_CNTLID_DYNAMIC on the admin queue */
	uint16_t qid;
	uint32_t sqsize;		/* entries: 2 or more */
	uint32_t kato_ms;		/* 0: off */
	uint8_t cattr;			/* NVME_CATTR_ bits; reserved ones are kept, not judged */
};

/* Names the wrong field when the status is Connect Invalid Parameters, else zero. */
struct connect_refusal {
	uint8_t iattr;			/* 0: offset in the SQE, 1: in the data */
	uint16_t ipo;			/* bytes */
};

/*
 * The command alone, for when its data still has to be asked for. Returns 0 with qid, sqsize,
 * kato_ms and cattr in *out, or a status (with DNR) and what to put into DW0 of the answer.
 */
uint16_t connect_check_sqe(const struct nvme_sqe *, const struct connect_limits *,
	    struct connect_req *out, struct connect_refusal *);
/* The command and its data, data_len bytes of it. The same answers; *out is complete at 0. */
uint16_t connect_check(const struct nvme_sqe *, const struct nvmf_connect_data *, size_t data_len,
	    const struct connect_limits *, struct connect_req *out, struct connect_refusal *);
uint32_t connect_refusal_dw0(const struct connect_refusal *);

#endif
