/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A submission queue entry at the door: decoded once into host order, and judged as far as that is
 * possible without a controller. A wrong SGL fails its command and leaves the connection alone.
 */
#ifndef COMMON_SQE_H
#define COMMON_SQE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/nvme.h"

/* Host order. sgl_type and sgl_subtype are the halves of the SGL identifier. */
struct cmd {
	uint8_t opc;
	uint8_t fctype;			/* Fabrics commands; else 0 */
	uint8_t fuse;			/* enum nvme_fuse */
	uint8_t psdt;			/* enum nvme_psdt */
	uint16_t cid;
	uint32_t nsid;			/* 0 for Fabrics commands */
	uint32_t cdw2, cdw3;
	uint32_t cdw10, cdw11, cdw12, cdw13, cdw14, cdw15;
	uint8_t sgl_type;
	uint8_t sgl_subtype;
	uint64_t sgl_addr;
	uint32_t sgl_len;		/* bytes that the host offers or wants; not bounded yet */
};

/* Bits 1:0 of the opcode, or of FCTYPE. */
enum sqe_dir { SQE_DIR_NONE, SQE_DIR_TO_CTRL, SQE_DIR_TO_HOST, SQE_DIR_BOTH };

void	sqe_decode(const struct nvme_sqe *, struct cmd *);
enum sqe_dir sqe_direction(const struct cmd *);
/* The data is in the capsule, and so has arrived with the command. */
bool	sqe_is_icd(const struct cmd *);
/*
 * Is the SGL one that this transport can serve? icd_len: bytes of data in the capsule as the PDU
 * says; max_icd: as many are allowed on this queue. Returns 0 or a status with DNR; the data that
 * came with a refused command is still to be read and thrown away.
 */
uint16_t sqe_check_sgl(const struct cmd *, uint32_t icd_len, uint32_t max_icd);

/* Do nlb blocks from lba lie within nlbas blocks? No sum of any values wraps. */
bool	range_ok(uint64_t lba, uint64_t nlb, uint64_t nlbas);
/* a * b as uint64_t: false if that does not fit. */
bool	size_mul(uint64_t a, uint64_t b, uint64_t *product);

#endif
