/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What tests of reservations in the worker have in common: the broker's side, and rows of namespaces.
 */
#ifndef TESTS_UNIT_RESV_WORLD_H
#define TESTS_UNIT_RESV_WORLD_H

#include "tests/unit/fake_disk.h"
#include "tests/unit/fake_transport.h"
#include "tests/unit/unit.h"

#define CONFLICT DNR(NVME_SC_RESERVATION_CONFLICT)

extern const uint8_t keys[64];		/* data of a command; the first two are CRKEY and NRKEY */

/* The broker's answer to the command with this token; and the last one that it was asked about. */
void	answer(uint32_t token, uint16_t status);
const struct ipc_resv *asked(void);

/* Set and Get Features, answered at once: the status, and the value. */
uint16_t set(uint8_t fid, uint32_t nsid, uint32_t value);
uint16_t get(uint8_t fid, uint32_t nsid, uint64_t *value);
/* Another row of the namespace. */
void	row_of(uint32_t nsid, uint32_t rescap, uint32_t ptpl);

#endif
